/** The plan as it is written, section by section, and what `Plan` makes of it. Bounds follow docs/board-protocol.md. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { feedOf, feeds } from '../timeline/feed.js';
import { injectorBounds } from '../timeline/injector-bounds.js';
import { callControl, callManagers, change, sip } from './call-control-schema.js';
import {
  addressRange,
  addressWithPrefix,
  field,
  ipv4,
  type JsonShape,
  line,
  loadName,
  oneOf,
  orWord,
  phoneModel,
  quantity,
  text,
  vlanId,
  wholeNumber,
} from './fields.js';
import { identitySection } from './identity.js';
import { type Limits, type MeasurementName, measurementUnits, type Plan } from './plan.js';
import { promptsSection } from './prompts.js';
import { kindOfUnit, parseInUnit, quantityPattern } from './quantities.js';
import { retrySection } from './retry.js';
import { serviceFaultNames } from './service-faults.js';
import { dhcpSection, lldpSection } from './service-sections.js';

const longestStageMs = 900_000;
/** Where phones ask for files by HTTP (loads from 9 on). */
const usualHttpPort = 6970;

const phone = z.strictObject({
  model: phoneModel(),
  deviceId: orWord('any', text(/^SEP[0-9A-F]{12}$/, 'SEP and twelve upper-case hex digits')),
  platform: line(64),
  load: loadName(),
  protocol: oneOf(['SCCP', 'SIP']),
  configFile: oneOf(['any', '.cnf.xml', '.cnf']).default('any'),
});

/** What the first switch's safe operating area has room for with a curve 30 % below the drawn one (hardware/board.md). */
const longestInrushMs = 110;
const boardQuantity = (
  unit: string,
  name: keyof typeof injectorBounds,
  options: { readonly fractions?: boolean } = {},
) => quantity(unit, injectorBounds[name].min, injectorBounds[name].max, options);

const pulseNanoseconds = { '125ns': 125, '250ns': 250, '500ns': 500, '1us': 1000 } as const;

const power = z
  .strictObject({
    method: oneOf(['prestandard', '802.3af', 'auto']),
    pairs: oneOf(['spare', 'data']),
    polarity: oneOf(['by-method', 'prestandard', '802.3af', 'mdi-x', 'mdi']),
    echoes: wholeNumber(injectorBounds.echoes.min, injectorBounds.echoes.max),
    maxBursts: wholeNumber(injectorBounds.maxBursts.min, injectorBounds.maxBursts.max),
    pulseWidth: oneOf(['125ns', '250ns', '500ns', '1us']).default('125ns'),
    inrushTimer: quantity('ms', injectorBounds.inrushTimerMs.min, longestInrushMs),
    overload: boardQuantity('mA', 'overloadMilliamps'),
    overloadTime: boardQuantity('ms', 'overloadMs'),
    underload: boardQuantity('mA', 'underloadMilliamps', { fractions: true }),
    underloadTime: boardQuantity('ms', 'underloadMs'),
    heartbeatTimeout: boardQuantity('ms', 'heartbeatTimeoutMs'),
    offDwell: boardQuantity('ms', 'offDwellMs'),
  })
  .superRefine(({ pairs, polarity }, problems) => {
    if (feedOf(pairs, polarity) !== undefined || (pairs === 'spare' && polarity === 'by-method')) return;
    const fitting = feeds.flatMap((feed) => (feed.pairs === pairs ? [feed.polarity] : []));
    const message = `${pairs} pairs have the polarity ${[...fitting, ...(pairs === 'spare' ? ['by-method'] : [])].join(' or ')}`;
    problems.addIssue({ code: 'custom', path: ['polarity'], message });
  })
  .transform((section): Plan['power'] => ({
    method: section.method,
    feed: feedOf(section.pairs, section.polarity) ?? null,
    echoes: section.echoes,
    maxBursts: section.maxBursts,
    pulseNanoseconds: pulseNanoseconds[section.pulseWidth],
    inrushTimerMs: section.inrushTimer,
    overloadMilliamps: section.overload,
    overloadMs: section.overloadTime,
    underloadMilliamps: section.underload,
    underloadMs: section.underloadTime,
    heartbeatTimeoutMs: section.heartbeatTimeout,
    offDwellMs: section.offDwell,
  }));

const boot = z
  .strictObject({ linkAllowance: quantity('ms', 1000, 60_000), linkGrace: quantity('ms', 100, 10_000) })
  .transform((section): Plan['boot'] => ({ linkAllowanceMs: section.linkAllowance, linkGraceMs: section.linkGrace }));

const network = z
  .strictObject({
    voiceVlan: orWord('none', vlanId()),
    nativeVlan: vlanId(),
    bench: addressWithPrefix(),
    pool: addressRange(),
    lease: quantity('s', 1, 31_536_000),
    tftpServers: z.array(ipv4()).min(1, 'needs at least one address').max(2, 'takes two addresses at most'),
    cdpDeviceId: line(64),
    cdpPeriod: orWord('off', quantity('ms', 100, 254_000)),
    powerAvailable: quantity('mW', 0, 30_000),
  })
  .transform((section): Plan['network'] => ({
    voiceVlan: section.voiceVlan,
    nativeVlan: section.nativeVlan,
    benchAddress: section.bench.address,
    prefixLength: section.bench.prefixLength,
    poolFirst: section.pool.first,
    poolLast: section.pool.last,
    leaseSeconds: section.lease,
    tftpServers: section.tftpServers,
    cdpDeviceId: section.cdpDeviceId,
    cdpPeriodMs: section.cdpPeriod,
    powerAvailableMilliwatts: section.powerAvailable,
  }));

/** `directory`: of the plan file; a relative path in it starts there. */
const tftp = (directory: string) =>
  z
    .strictObject({
      filesDirectory: orWord('none', line(4096)),
      blockTimeout: quantity('ms', 50, 60_000),
      retries: wholeNumber(0, 20),
      loads: z
        .array(z.strictObject({ model: phoneModel(), load: loadName() }))
        .max(64, 'takes 64 models at most')
        .optional(),
      httpPort: orWord('none', wholeNumber(1, 65_535)).optional(),
      stallAtBlock: wholeNumber(1, 65_535).optional(),
    })
    .transform((section): Plan['tftp'] => ({
      filesDirectory: section.filesDirectory === null ? null : resolve(directory, section.filesDirectory),
      blockTimeoutMs: section.blockTimeout,
      retries: section.retries,
      loads: section.loads ?? [],
      httpPort: section.httpPort === undefined ? usualHttpPort : section.httpPort,
      stallAtBlock: section.stallAtBlock ?? null,
    }));

const sccp = z
  .strictObject({
    keepalive: quantity('s', 1, 3600),
    secondaryKeepalive: quantity('s', 1, 3600),
    dateTemplate: text(/^[DMY][/.-][DMY][/.-][DMY]A?$/, 'a template such as D/M/YA'),
  })
  .transform((section): Plan['sccp'] => ({
    keepaliveSeconds: section.keepalive,
    secondaryKeepaliveSeconds: section.secondaryKeepalive,
    dateTemplate: section.dateTemplate,
  }));

const deadlines = z
  .strictObject({
    power: quantity('ms', 100, longestStageMs),
    vlan: quantity('ms', 100, longestStageMs),
    address: quantity('ms', 100, longestStageMs),
    config: quantity('ms', 100, longestStageMs),
    registration: quantity('ms', 100, longestStageMs),
    keepalives: wholeNumber(0, 100),
  })
  .transform((section): Plan['deadlines'] => ({
    powerMs: section.power,
    vlanMs: section.vlan,
    addressMs: section.address,
    configMs: section.config,
    registrationMs: section.registration,
    keepalives: section.keepalives,
  }));

/** A bare number in the measurement's own unit, or a quantity. */
const boundShape = (unit: string): JsonShape =>
  kindOfUnit(unit) === undefined
    ? { type: 'number', description: unit }
    : { anyOf: [{ type: 'number' }, { type: 'string', pattern: quantityPattern(unit) }], description: unit };

const limitsOf = (name: MeasurementName) => {
  const unit = measurementUnits[name];
  const bound = () => field<number>((input) => parseInUnit(input, unit), boundShape(unit)).optional();
  return z
    .strictObject({ min: bound(), max: bound(), marginalMin: bound(), marginalMax: bound() })
    .transform(
      ({ min, max, marginalMin, marginalMax }): Limits => ({
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
        ...(marginalMin === undefined ? {} : { marginalMin }),
        ...(marginalMax === undefined ? {} : { marginalMax }),
      }),
    )
    .optional();
};

const measurementNames = Object.keys(measurementUnits) as MeasurementName[];

const limits = z
  .strictObject(Object.fromEntries(measurementNames.map((name) => [name, limitsOf(name)])))
  .transform((section): Plan['limits'] =>
    Object.fromEntries(Object.entries(section).filter(([, entry]) => entry !== undefined)),
  );

/** Of every Cisco phone (protocol facts 3.5). */
const usualCdpPeriodMs = 60_000;
const simulatedMs = () => quantity('ms', 0, 120_000);
const simulation = z
  .strictObject({
    boot: simulatedMs(),
    linkUp: simulatedMs(),
    cdpSync: simulatedMs(),
    dhcpRetry: simulatedMs(),
    tftpRetry: simulatedMs(),
    fileGap: simulatedMs(),
    callManagerRetry: simulatedMs(),
    cdpPeriod: quantity('ms', 100, 254_000).default(usualCdpPeriodMs),
  })
  .transform((section): Plan['simulation'] => ({
    bootMs: section.boot,
    linkUpMs: section.linkUp,
    cdpSyncMs: section.cdpSync,
    dhcpRetryMs: section.dhcpRetry,
    tftpRetryMs: section.tftpRetry,
    fileGapMs: section.fileGap,
    callManagerRetryMs: section.callManagerRetry,
    cdpPeriodMs: section.cdpPeriod,
  }));

const lies = z.array(oneOf(serviceFaultNames)).max(serviceFaultNames.length, 'names each fault once').default([]);

/** One schema per part of a plan, so that each is checked although another one is wrong. */
export const planParts = (directory: string) => ({
  name: text(/^[a-z0-9][a-z0-9.-]{0,63}$/, 'lower-case letters, digits, dots and dashes') as z.ZodType<string>,
  title: line(120) as z.ZodType<string>,
  phone: phone as z.ZodType<Plan['phone']>,
  identity: identitySection as z.ZodType<Plan['identity']>,
  power: power as z.ZodType<Plan['power']>,
  boot: boot as z.ZodType<Plan['boot']>,
  network: network as z.ZodType<Plan['network']>,
  tftp: tftp(directory) as z.ZodType<Plan['tftp']>,
  dhcp: dhcpSection(directory) as z.ZodType<Plan['dhcp']>,
  lldp: lldpSection as z.ZodType<Plan['lldp']>,
  callManagers: callManagers as z.ZodType<Plan['callManagers']>,
  sccp: sccp as z.ZodType<Plan['sccp']>,
  callControl: callControl as z.ZodType<Plan['callControl']>,
  sip: sip as z.ZodType<Plan['sip']>,
  change: change as z.ZodType<Plan['change']>,
  lies: lies as z.ZodType<Plan['lies']>,
  retry: retrySection as z.ZodType<Plan['retry']>,
  prompts: promptsSection(directory) as z.ZodType<Plan['prompts']>,
  deadlines: deadlines as z.ZodType<Plan['deadlines']>,
  limits: limits as z.ZodType<Plan['limits']>,
  simulation: simulation as z.ZodType<Plan['simulation']>,
});
