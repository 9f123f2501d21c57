import { createHash } from 'node:crypto';
import type { Plan } from '../plan/plan.js';
import { buildDefaultConfig, buildDeviceConfig } from '../wire/cnf-xml.js';
import { deviceTypeOf } from './device-types.js';
import { createPlanInForce, type PlanInForce } from './plan-in-force.js';
import { fileInMemory, type StoredFile } from './stored-file.js';

const syntheticImageBytes = 128 * 1024;

/** Not an image that a phone could run: bytes that follow from the name, so that a whole transfer can be checked. */
export const syntheticImage = (name: string): Uint8Array => {
  const known = images.get(name);
  if (known !== undefined) return known;
  const image = createHash('shake256', { outputLength: syntheticImageBytes }).update(name).digest();
  if (images.size >= mostImages) images.clear();
  images.set(name, image);
  return image;
};

/** Made once: a flood of requests for one costs no image each. */
const images = new Map<string, Uint8Array>();
const mostImages = 32;

const deviceConfig = (plan: Plan, versionStamp: string): string =>
  buildDeviceConfig({
    protocol: plan.phone.protocol,
    sipTransport: plan.sip.transport,
    loadInformation: plan.phone.load,
    callManagers: plan.callManagers,
    versionStamp,
    dateTemplate: plan.sccp.dateTemplate,
  });

/** Where a phone without a file of its own registers, and the load of each model that the plan names. */
const defaultConfig = (plan: Plan): string => {
  const { model, platform, load } = plan.phone;
  const loads = [{ model, platform, load }, ...plan.tftp.loads.map((each) => ({ ...each, platform: each.model }))];
  return buildDefaultConfig({
    loads: loads.flatMap((each) => {
      const deviceType = deviceTypeOf(each.model);
      return deviceType === undefined ? [] : [{ deviceType, model: each.platform, load: each.load }];
    }),
    callManagers: plan.callManagers,
    protocol: plan.phone.protocol,
  });
};

/** What loads of the 7940 and 7960 before 6.0 read: `key: value` lines. */
const textConfig = ({ phone, callManagers }: Plan): string =>
  [
    `image_version: ${phone.load}`,
    ...callManagers.map(({ address }, index) => `proxy${index + 1}_address: ${address}`),
    '',
  ].join('\n');

/** One line, the load's bare name, no line end: what is more upsets old loads. */
const os79xx = ({ phone }: Plan): string => phone.load;

const javaLoad = /^(?:term|SCCP|SIP)(\d\d)\D?([\w-]*)/i;

/** The files a `.loads` file names: by what Cisco's archives of that family hold. */
export const loadMembers = (load: string): readonly string[] => {
  if (/^P0/i.test(load)) return [`${load}.sbn`, `${load}.sb2`];
  const [, digits, version = ''] = javaLoad.exec(load) ?? [];
  if (digits === undefined) return [`${load}.bin`];
  const protocol = /^SIP/i.test(load) ? 'sip' : 'sccp';
  const behind = version === '' ? '' : `.${version}`;
  return [`jar${digits}${protocol}`, `cnu${digits}`, `apps${digits}`, `dsp${digits}`, `cvm${digits}${protocol}`].map(
    (name) => `${name}${behind}.sbn`,
  );
};

const loadsFile = (load: string): string => `# made by Linkpulse, not signed\n${loadMembers(load).join('\n')}\n`;

interface Row {
  /** As it is called; the device's own files have no fixed name. */
  readonly name: RegExp;
  readonly called: (match: RegExpExecArray) => string;
  readonly text: (plan: Plan, versionStamp: string) => string;
  /** Only for the plan's device. */
  readonly ofDevice: boolean;
}

const fixed = (name: string, text: (plan: Plan) => string): Row => ({
  name: new RegExp(`^${name.replaceAll('.', '\\.')}$`, 'i'),
  called: () => name,
  text,
  ofDevice: false,
});
const ofDevice = (prefix: 'SEP' | 'SIP', end: string, text: Row['text']): Row => ({
  name: new RegExp(`^${prefix}([0-9A-F]{12})${end.replaceAll('.', '\\.')}$`, 'i'),
  called: (match) => `${prefix}${(match[1] ?? '').toUpperCase()}${end}`,
  text,
  ofDevice: true,
});

const defaultNames = ['XMLDefault.cnf.xml', 'sepdefault.cnf.xml', 'SEPDEFAULT.cnf', 'SIPDefault.cnf', 'OS79XX.TXT'];
const rows: readonly Row[] = [
  ofDevice('SEP', '.cnf.xml', deviceConfig),
  ofDevice('SEP', '.cnf', deviceConfig),
  ofDevice('SIP', '.cnf', textConfig),
  fixed('XMLDefault.cnf.xml', defaultConfig),
  fixed('sepdefault.cnf.xml', defaultConfig),
  fixed('SEPDEFAULT.cnf', defaultConfig),
  fixed('SIPDefault.cnf', textConfig),
  fixed('OS79XX.TXT', os79xx),
];

/** Images made up for the plan's loads: `<load>.bin`, `<load>.loads` and the members of the latter. */
const imageOf = (loads: readonly string[], name: string): StoredFile | undefined => {
  const lower = name.toLowerCase();
  for (const load of loads) {
    if (lower === `${load}.loads`.toLowerCase()) return fileInMemory(`${load}.loads`, Buffer.from(loadsFile(load)));
    const file = [`${load}.bin`, ...loadMembers(load)].find((each) => each.toLowerCase() === lower);
    if (file !== undefined) return fileInMemory(file, syntheticImage(file));
  }
  return undefined;
};

const loadsOf = ({ phone, tftp }: Plan): readonly string[] => [
  ...new Set([phone.load, ...tftp.loads.map(({ load }) => load)]),
];

/** A file made from the plan, whatever the case of the name asked for; undefined: there is none of that name. */
export const generateFile = (
  plan: Plan,
  name: string,
  { hasDeviceFile, versionStamp }: Pick<PlanInForce, 'hasDeviceFile' | 'versionStamp'> = createPlanInForce(plan),
): StoredFile | undefined => {
  const { deviceId } = plan.phone;
  for (const row of rows) {
    const match = row.name.exec(name);
    if (match === null) continue;
    const isOther = deviceId !== null && match[1] !== undefined && !deviceId.endsWith(match[1].toUpperCase());
    return isOther || (row.ofDevice && !hasDeviceFile)
      ? undefined
      : fileInMemory(row.called(match), Buffer.from(row.text(plan, versionStamp)));
  }
  return imageOf(loadsOf(plan), name);
};

/** Names that a request may have meant. */
export const generatedNames = (plan: Plan, hasDeviceFile = true): readonly string[] => {
  const { deviceId } = plan.phone;
  const device = deviceId === null || !hasDeviceFile ? [] : [`${deviceId}.cnf.xml`, `${deviceId}.cnf`];
  const images = loadsOf(plan).flatMap((load) => [`${load}.bin`, `${load}.loads`]);
  return [...device, ...defaultNames, ...images];
};
