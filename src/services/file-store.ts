import { createHash } from 'node:crypto';
import type { Plan } from '../plan/plan.js';
import { buildDefaultConfig, buildDeviceConfig } from '../wire/cnf-xml.js';
import { deviceTypeOf } from './device-types.js';
import { openInDirectory, partsOfName } from './files-directory.js';
import { nearestName } from './near-name.js';
import { fileInMemory, type StoredFile } from './stored-file.js';

/**
 * `forbidden`: never served (signed lists and files: a phone that gets one trusts nothing else). `outside`: the name
 * leads out of the directory. `nearMiss`: the name of an existing file that was perhaps meant.
 */
export type Lookup =
  | { readonly kind: 'found'; readonly file: StoredFile; readonly caseDiffers: boolean }
  | { readonly kind: 'missing'; readonly nearMiss: string | null; readonly onPurpose: string | null }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'outside' };

export interface FileStore {
  open(name: string): Promise<Lookup>;
}

const syntheticImageBytes = 128 * 1024;
const defaultConfigName = 'XMLDefault.cnf.xml';
const deviceConfigPattern = /^(SEP[0-9A-F]{12})\.cnf\.xml$/i;
const configPattern = /\.cnf(\.xml)?$/i;
const signedPattern = /\.(tlv|sgn)$/i;

/** Not an image that a phone could run: bytes that follow from the name, so that a whole transfer can be checked. */
export const syntheticImage = (name: string): Uint8Array =>
  createHash('shake256', { outputLength: syntheticImageBytes }).update(name).digest();

/** Opaque to the phone, which restarts when it changes: the same plan gives the same stamp. */
const versionStampOf = (plan: Plan): string =>
  createHash('sha256')
    .update(JSON.stringify([plan.phone, plan.callManagers, plan.sccp]))
    .digest('hex')
    .slice(0, 32);

const deviceConfig = (plan: Plan): Uint8Array =>
  Buffer.from(
    buildDeviceConfig({
      loadInformation: plan.phone.load,
      callManagers: plan.callManagers,
      versionStamp: versionStampOf(plan),
      dateTemplate: plan.sccp.dateTemplate,
    }),
  );

const defaultConfig = (plan: Plan): Uint8Array => {
  const deviceType = deviceTypeOf(plan.phone.model);
  const loads = deviceType === undefined ? [] : [{ deviceType, model: plan.phone.platform, load: plan.phone.load }];
  return Buffer.from(buildDefaultConfig({ loads, callManagers: plan.callManagers }));
};

/**
 * What files exist: those of `tftp.filesDirectory`, then those made from the plan: `SEP<MAC>.cnf.xml` for the plan's
 * device (any MAC when the plan names none), `XMLDefault.cnf.xml` and the load's image. Names match whatever their case.
 */
export const createFileStore = (plan: Plan, faults: ReadonlySet<string>): FileStore => {
  const { deviceId, load } = plan.phone;
  const imageName = `${load}.bin`;
  let image: Uint8Array | undefined;

  const hiddenBy = (name: string): string | null => {
    if (faults.has('config-missing') && configPattern.test(name)) return 'config-missing';
    const ofTheLoad = name.toLowerCase().startsWith(`${load.toLowerCase()}.`);
    return faults.has('wrong-load') && ofTheLoad ? 'wrong-load' : null;
  };

  const generate = (name: string): StoredFile | undefined => {
    const device = deviceConfigPattern.exec(name)?.[1]?.toUpperCase();
    if (device !== undefined && (deviceId === null || deviceId.toUpperCase() === device)) {
      return fileInMemory(`${device}.cnf.xml`, deviceConfig(plan));
    }
    if (name.toLowerCase() === defaultConfigName.toLowerCase()) {
      return fileInMemory(defaultConfigName, defaultConfig(plan));
    }
    if (name.toLowerCase() === imageName.toLowerCase()) {
      image ??= syntheticImage(imageName);
      return fileInMemory(imageName, image);
    }
    return undefined;
  };

  const generatedNames = (): readonly string[] =>
    [deviceId === null ? [] : [`${deviceId}.cnf.xml`], defaultConfigName, imageName].flat();

  return {
    open: async (asked) => {
      const parts = partsOfName(asked);
      if (parts === undefined) return { kind: 'outside' };
      const name = parts.join('/');
      if (signedPattern.test(name)) return { kind: 'forbidden' };
      const onPurpose = hiddenBy(name);
      if (onPurpose !== null) return { kind: 'missing', nearMiss: null, onPurpose };
      const root = plan.tftp.filesDirectory;
      const onDisk = root === null ? undefined : await openInDirectory(root, parts);
      if (onDisk?.kind === 'outside') return onDisk;
      const file = onDisk?.kind === 'found' ? onDisk.file : generate(name);
      if (file !== undefined) return { kind: 'found', file, caseDiffers: file.name !== name };
      const known = [...generatedNames(), ...(onDisk?.kind === 'missing' ? onDisk.names : [])];
      const served = known.filter((other) => hiddenBy(other) === null && !signedPattern.test(other));
      return { kind: 'missing', nearMiss: nearestName(name, served), onPurpose };
    },
  };
};
