import type { Plan } from '../../src/plan/plan.js';
import type { StageName, StageResult } from '../../src/stages/judge.js';
import { createTribunal, type Tribunal } from '../../src/stages/tribunal.js';
import type { Fact, FactOf, PowerOffCause, TimelineEvent } from '../../src/timeline/events.js';
import { boardCyclesPerMs, sourceOf } from '../../src/timeline/events.js';

/** A fact and the moment it comes, ms since run start. */
export type Line = readonly [atMs: number, fact: Fact];

export const timeline = (lines: readonly Line[]): TimelineEvent[] =>
  [...lines]
    .sort(([left], [right]) => left - right)
    .map(([atMs, fact], index) => ({
      seq: index + 1,
      atUs: Math.round(atMs * 1000),
      source: sourceOf(fact.kind),
      ...(sourceOf(fact.kind) === 'board' ? { stamp: { boardCycles: Math.round(atMs * boardCyclesPerMs) } } : {}),
      fact,
    }));

export const tell = (plan: Plan, lines: readonly Line[]): Tribunal => {
  const tribunal = createTribunal(plan);
  for (const event of timeline(lines)) tribunal.feed(event);
  return tribunal;
};

export const resultOf = (tribunal: Tribunal, stage: StageName): StageResult => {
  const result = tribunal.verdicts().find((candidate) => candidate.stage === stage);
  if (result === undefined) throw new Error(`no stage ${stage}`);
  return result;
};

export const measurementOf = (result: StageResult, name: string) =>
  result.measurements.find((measurement) => measurement.name === name);

// ---- facts -------------------------------------------------------------------------------------------

const phone = { from: 'phone', vlan: 110, mac: '00:11:bb:cc:dd:ee' } as const;
const bench = { from: 'bench', vlan: 110, mac: '02:00:00:00:00:01' } as const;

export const runStart: Fact = { kind: 'run-start', runId: 'r1', limited: [] };
export const requested: Fact = { kind: 'power-requested' };
export const end: Fact = { kind: 'end', reason: 'test' };

export const discovery = (outcome: FactOf<'discovery'>['outcome'], bursts = 3): Fact => ({
  kind: 'discovery',
  method: outcome === 'signature' || outcome === 'no-signature' ? '802.3af' : 'prestandard',
  outcome,
  bursts,
  matches: outcome === 'loopback' ? 3 : 0,
  partnerWord: null,
  foreignPulses: 0,
});
export const probe = (finding: FactOf<'probe'>['finding'], changes: Partial<FactOf<'probe'>> = {}): Fact => ({
  kind: 'probe',
  finding,
  ohms: null,
  powerClass: null,
  classMilliamps: 0,
  lowMillivolts: 4_400,
  highMillivolts: 9_400,
  ...changes,
});
export const powerOn: FactOf<'power-on'> = {
  kind: 'power-on',
  method: 'prestandard',
  pairs: 'spare',
  polarity: 'prestandard',
  discoveryAgeMs: 20,
};
export const inrush = (peakMilliamps = 400, durationMs = 20): Fact => ({
  kind: 'inrush',
  peakMilliamps,
  durationMs,
  samplePeriodMs: 1,
  milliamps: [peakMilliamps],
});
export const current = (milliamps: number, count = 10): Fact => ({
  kind: 'current',
  periodMs: 10,
  milliamps: Array.from({ length: count }, () => milliamps),
  jackMillivolts: 48_000,
});
export const powerOff = (cause: PowerOffCause, switchOffMs = 1, milliamps = 100): Fact => ({
  kind: 'power-off',
  cause,
  switchOffMs,
  milliamps,
});
export const jackSafe = (jackSafeMs = 100): Fact => ({ kind: 'jack-safe', jackSafeMs });
export const boardFault = (code: FactOf<'board-fault'>['code']): Fact => ({
  kind: 'board-fault',
  code,
  jackMillivolts: 12_000,
});
export const linkUp: Fact = { kind: 'link-up' };
export const linkDown: Fact = { kind: 'link-down' };

export const cdp = (changes: Partial<FactOf<'cdp'>> = {}): Fact => ({
  kind: 'cdp',
  ...phone,
  vlan: null,
  deviceId: 'SEP0011BBCCDDEE',
  portId: 'Port 1',
  platform: 'Cisco IP Phone 7960',
  softwareVersion: 'P00308010200',
  capabilities: 0x490,
  checksumOk: true,
  voiceVlanQuery: true,
  voiceVlanReply: null,
  powerConsumptionMilliwatts: 6300,
  powerRequestedMilliwatts: null,
  powerAvailableMilliwatts: null,
  ...changes,
});
export const lldp = (changes: Partial<FactOf<'lldp'>> = {}): Fact => ({
  kind: 'lldp',
  ...phone,
  vlan: null,
  chassisId: '10.110.0.100',
  portId: '0011BBCCDDEE:P1',
  ttlSeconds: 180,
  systemName: 'SEP0011BBCCDDEE',
  model: 'CP-7960G',
  softwareVersion: 'P00308010200',
  capabilities: 0x24,
  medClass: 3,
  voicePolicy: null,
  powerRequestedMilliwatts: 6300,
  powerAllocatedMilliwatts: null,
  ...changes,
});
export const lldpReply = (vlan: number | null = 110, allocatedMilliwatts = 12_900): Fact =>
  lldp({
    ...bench,
    vlan: null,
    systemName: 'bench',
    model: null,
    softwareVersion: null,
    medClass: 4,
    voicePolicy: { vlan, priority: 5, dscp: 46 },
    powerRequestedMilliwatts: 6300,
    powerAllocatedMilliwatts: allocatedMilliwatts,
  });
export const cdpReply = (vlan: number | null = 110): Fact =>
  cdp({
    ...bench,
    vlan: null,
    deviceId: 'bench',
    platform: 'Linkpulse',
    voiceVlanQuery: false,
    voiceVlanReply: vlan,
    powerConsumptionMilliwatts: null,
  });
export const vlanUsed = (vlan: number | null): Fact => ({ kind: 'vlan-used', ...phone, vlan });
export const addressUsed = (address = '10.110.0.100'): Fact => ({ kind: 'address-used', ...phone, address });

export const addressSought = (address: string): Fact => ({ kind: 'address-sought', ...phone, address });

export const dhcp = (messageType: string, changes: Partial<FactOf<'dhcp'>> = {}): Fact => {
  const fromBench = ['OFFER', 'ACK', 'NAK'].includes(messageType);
  return {
    kind: 'dhcp',
    ...(fromBench ? bench : phone),
    messageType,
    xid: 0xbbccddee,
    sourceAddress: fromBench ? '10.110.0.1' : '0.0.0.0',
    clientMac: phone.mac,
    vendorClass: fromBench ? null : 'Cisco Systems, Inc. IP Phone CP-7960G',
    hostName: null,
    parameterRequestList: fromBench ? [] : [1, 66, 6, 3, 15, 150, 35],
    requestedAddress: null,
    yourAddress: fromBench && messageType !== 'NAK' ? '10.110.0.100' : '0.0.0.0',
    serverIdentifier: null,
    tftpServers: fromBench ? ['10.110.0.1'] : [],
    tftpServerName: null,
    udpChecksum: false,
    ...changes,
  };
};

export const configFile = 'SEP0011BBCCDDEE.cnf.xml';
export const trustList = 'CTLSEP0011BBCCDDEE.tlv';
export const asks = (file: string, transfer = 1): Fact => ({
  kind: 'tftp-request',
  ...phone,
  transfer,
  file,
  mode: 'octet',
  options: {},
});
export const progress = (file: string, bytes = 512, transfer = 1): Fact => ({
  kind: 'tftp-progress',
  ...bench,
  transfer,
  file,
  bytes,
});
export const ends = (file: string, changes: Partial<FactOf<'tftp-end'>> = {}): Fact => ({
  kind: 'tftp-end',
  ...phone,
  transfer: 1,
  file,
  outcome: 'complete',
  bytes: 1000,
  durationMs: 10,
  errorCode: null,
  errorMessage: null,
  config: null,
  ...changes,
});
export const isMissing = (file: string): Fact =>
  ends(file, { ...bench, outcome: 'error', bytes: 0, errorCode: 1, errorMessage: 'File not found' });
export const servesConfig = (loadInformation: string | null = 'P00308010200', versionStamp = 'stamp-1'): Fact =>
  ends(configFile, {
    config: {
      loadInformation,
      versionStamp,
      sipTransport: null,
      callManagers: [
        { priority: 0, address: '10.110.0.11', port: 2000 },
        { priority: 1, address: '10.110.0.12', port: 2000 },
      ],
    },
  });

export const tcp = (
  state: FactOf<'tcp'>['state'],
  server = '10.110.0.11',
  from: 'phone' | 'bench' = 'phone',
): Fact => ({
  kind: 'tcp',
  ...(from === 'phone' ? phone : bench),
  state,
  server,
  port: 2000,
});
export const sccp = (
  from: 'phone' | 'bench',
  message: string,
  server = '10.110.0.11',
  changes: Partial<FactOf<'sccp'>> = {},
): Fact => ({
  kind: 'sccp',
  ...(from === 'phone' ? phone : bench),
  server,
  message,
  messageId: 0,
  fields: {},
  count: 1,
  ...changes,
});
export const sip = (from: 'phone' | 'bench', method: string, changes: Partial<FactOf<'sip'>> = {}): Fact => ({
  kind: 'sip',
  ...(from === 'phone' ? phone : bench),
  transport: 'tcp',
  server: '10.110.0.11',
  port: 5060,
  method,
  statusCode: null,
  reason: null,
  purpose: method === 'REGISTER' ? 'register' : null,
  fields: {},
  count: 1,
  ...changes,
});
/** REGISTER and its answer. */
export const sipRegisters = (atMs: number, changes: Partial<FactOf<'sip'>> = {}): readonly Line[] => [
  [atMs, sip('phone', 'REGISTER', { fields: { deviceName: 'SEP0011BBCCDDEE' }, ...changes })],
  [atMs + 1, sip('bench', 'REGISTER', { fields: { expires: 5 }, ...changes, statusCode: 200, reason: 'OK' })],
];
export const callManager = (action: string, detail: FactOf<'service'>['detail'] = {}): Fact => ({
  kind: 'service',
  service: 'callmanager',
  action,
  detail: { server: '10.110.0.11', ...detail },
});
export const registers = (atMs: number, server = '10.110.0.11'): readonly Line[] => [
  [atMs, tcp('connecting', server)],
  [atMs + 1, tcp('connected', server)],
  [atMs + 2, sccp('phone', 'Register', server, { fields: { deviceName: 'SEP0011BBCCDDEE' } })],
  [atMs + 3, sccp('bench', 'RegisterAck', server, { fields: { keepaliveSeconds: 5 } })],
  [atMs + 4, sccp('phone', 'TimeDateReq', server)],
];

// ---- chapters of a good run, each from the end of the one before ----------------------------------------

export const toPower: readonly Line[] = [
  [0, runStart],
  [100, requested],
  [200, discovery('loopback')],
  [220, powerOn],
  [250, inrush()],
];
export const toBoot: readonly Line[] = [...toPower, [350, current(100)], [3220, linkUp]];
export const toVlan: readonly Line[] = [...toBoot, [4000, cdp()], [4001, cdpReply()], [5000, vlanUsed(110)]];
export const toAddress: readonly Line[] = [
  ...toVlan,
  [5000.1, dhcp('DISCOVER')],
  [5010, dhcp('OFFER')],
  [5020, dhcp('REQUEST')],
  [5030, dhcp('ACK')],
  [5100, addressUsed()],
];
export const toConfig: readonly Line[] = [
  ...toAddress,
  [6000, asks(trustList)],
  [6001, isMissing(trustList)],
  [6100, asks(configFile, 2)],
  [6101, progress(configFile, 512, 2)],
  [6110, servesConfig()],
];
export const toRegistration: readonly Line[] = [...toConfig, ...registers(6500), [11_500, sccp('phone', 'KeepAlive')]];
export const toEnd: readonly Line[] = [
  ...toRegistration,
  [11_550, current(110)],
  [11_600, powerOff('COMMANDED')],
  [11_700, jackSafe()],
  [11_800, end],
];
