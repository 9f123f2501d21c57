/** Runs made by hand, as a bench would record them: the healthy phone, and what the reports must show when it is not. */
import type { Blame } from '../../src/errors.js';
import { loadPlan } from '../../src/plan/load-plan.js';
import { type LoadedPlan, type MeasurementName, measurementUnits } from '../../src/plan/plan.js';
import { buildRecord, type RunRecord } from '../../src/records/record.js';
import type { Measurement, StageName, StageResult, StageVerdict } from '../../src/stages/judge.js';
import { stageNames } from '../../src/stages/judge.js';
import { type EventStamp, type Fact, sourceOf, type TimelineEvent } from '../../src/timeline/events.js';

export type Script = readonly (readonly [atMs: number, fact: Fact, stamp?: EventStamp])[];

export const eventsOf = (script: Script): readonly TimelineEvent[] =>
  [...script]
    .sort(([a], [b]) => a - b)
    .map(([atMs, fact, stamp], index) => ({
      seq: index + 1,
      atUs: Math.round(atMs * 1000) + index,
      source: sourceOf(fact.kind),
      ...(stamp === undefined ? {} : { stamp }),
      fact,
    }));

const phoneMac = '00:0f:24:5a:79:60';
const deviceId = 'SEP000F245A7960';
const phone = (vlan: number | null) => ({ from: 'phone', vlan, mac: phoneMac }) as const;
const bench = (vlan: number | null) => ({ from: 'bench', vlan, mac: '02:4c:50:00:00:01' }) as const;

/** All clocks and the bits of a word. */
const positionsOf = (word: number): string =>
  `${Array.from({ length: 16 }, (_, bit) => `1${(word >> bit) & 1}`).join('')}1`;

const burst = (index: number, word: number, heard: number | null): Fact => ({
  kind: 'flp-burst',
  index,
  word,
  sent: positionsOf(word),
  heard: heard === null ? '0'.repeat(33) : positionsOf(heard),
  foreignPulses: heard === null || heard === word ? 0 : 33,
  roundTripNanoseconds: heard === word ? 312.5 : null,
});

const words = [0x3fa1, 0x90c5, 0x6be2];

const discoveryScript: Script = [
  [0, { kind: 'run-start', runId: '20261123-031502-sim1-k3fw', limited: [] }],
  [1.2, { kind: 'capture-proven' }],
  [4.5, { kind: 'board-identified', firmware: '1.0', revision: 1, serial: 'LP000042', resetCause: 'power-on' }],
  [40, { kind: 'power-requested' }],
  ...words.map(
    (word, index) => [58 + 16 * index, burst(index, word, word), { boardCycles: 928_000 + 256_000 * index }] as const,
  ),
  [95, { kind: 'discovery', outcome: 'loopback', bursts: 3, matches: 3, partnerWord: null, foreignPulses: 0 }],
];

/** Limited charging of the phone's capacitors, then what it settles to. */
const inrushTrace = [420, 432, 431, 430, 430, 429, 428, 428, 427, 421, 388, 301, 214, 152, 118, 96, 84, 79, 77, 76, 76];

const drawAt = (atMs: number): number => {
  const wobble = 4 * Math.sin(atMs / 37) + 2.5 * Math.sin(atMs / 11.3);
  if (atMs < 200) return 78 + wobble;
  if (atMs < 2300) return 96 + wobble + (Math.floor(atMs / 300) % 3 === 0 ? 18 : 0);
  return atMs < 4100 ? 112 + wobble : 108 + wobble;
};

const currentScript = (fromMs: number, toMs: number): Script =>
  Array.from({ length: Math.floor((toMs - fromMs) / 100) }, (_, block) => {
    const endMs = fromMs + (block + 1) * 100;
    const milliamps = Array.from(
      { length: 10 },
      (__, sample) => Math.round(drawAt(endMs - (9 - sample) * 10) * 10) / 10,
    );
    return [endMs, { kind: 'current', periodMs: 10, milliamps, jackMillivolts: 47_600 }] as const;
  });

const poweredScript: Script = [
  [
    112,
    { kind: 'power-on', pairs: 'spare', polarity: 'prestandard', discoveryAgeMs: 17.4 },
    { boardCycles: 1_792_000 },
  ],
  [160, { kind: 'inrush', peakMilliamps: 432, durationMs: 23.6, samplePeriodMs: 2, milliamps: inrushTrace }],
];

const cdpEmpty = {
  kind: 'cdp',
  deviceId: null,
  portId: null,
  platform: null,
  softwareVersion: null,
  capabilities: null,
  checksumOk: true,
  voiceVlanQuery: false,
  voiceVlanReply: null,
  powerConsumptionMilliwatts: null,
  powerRequestedMilliwatts: null,
  powerAvailableMilliwatts: null,
} as const;

const phoneCdp = {
  ...cdpEmpty,
  ...phone(null),
  deviceId,
  portId: 'Port 1',
  platform: 'Cisco IP Phone 7960',
  softwareVersion: 'P00308010200',
  capabilities: 0x90,
  powerConsumptionMilliwatts: 6300,
} as const;

const dhcpEmpty = {
  kind: 'dhcp',
  xid: 0x245a7960,
  sourceAddress: '0.0.0.0',
  clientMac: phoneMac,
  vendorClass: null,
  hostName: null,
  parameterRequestList: [],
  requestedAddress: null,
  yourAddress: '0.0.0.0',
  serverIdentifier: null,
  tftpServers: [],
  tftpServerName: null,
  udpChecksum: false,
} as const;

const phoneDhcp = {
  ...dhcpEmpty,
  ...phone(110),
  vendorClass: 'Cisco Systems, Inc. IP Phone CP-7960G',
  hostName: deviceId,
  parameterRequestList: [1, 66, 6, 3, 15, 150, 35],
} as const;

const serverDhcp = {
  ...dhcpEmpty,
  ...bench(110),
  sourceAddress: '10.110.0.1',
  yourAddress: '10.110.0.100',
  serverIdentifier: '10.110.0.1',
  tftpServers: ['10.110.0.1'],
} as const;

const transfer = (
  atMs: number,
  id: number,
  file: string,
  durationMs: number,
  end: Partial<Extract<Fact, { kind: 'tftp-end' }>>,
): Script => [
  [
    atMs,
    { kind: 'tftp-request', ...phone(110), transfer: id, file, mode: 'octet', options: {} },
    { frame: 40 + id * 2 },
  ],
  [
    atMs + durationMs,
    {
      kind: 'tftp-end',
      ...phone(110),
      transfer: id,
      file,
      outcome: 'complete',
      bytes: 0,
      durationMs,
      errorCode: null,
      errorMessage: null,
      config: null,
      ...end,
    },
    { frame: 41 + id * 2 },
  ],
];

const missing = { outcome: 'error', errorCode: 1, errorMessage: 'File not found' } as const;

const sccp = (from: 'phone' | 'bench', message: string, messageId: number, fields = {}, count = 1): Fact => ({
  kind: 'sccp',
  ...(from === 'phone' ? phone(110) : bench(110)),
  server: '10.110.0.11',
  message,
  messageId,
  fields,
  count,
});

const tcp = (state: 'connecting' | 'connected' | 'refused', server: string): Fact => ({
  kind: 'tcp',
  ...phone(110),
  state,
  server,
  port: 2000,
});

const networkScript: Script = [
  [3925, { kind: 'link-up' }],
  [4356, { ...phoneCdp, voiceVlanQuery: true }, { frame: 3 }],
  [
    4357,
    {
      ...cdpEmpty,
      ...bench(null),
      deviceId: 'linkpulse-bench',
      platform: 'Linkpulse',
      voiceVlanReply: 110,
      powerAvailableMilliwatts: 15_400,
    },
    { frame: 4 },
  ],
  [5356, { ...phoneCdp, voiceVlanQuery: true }, { frame: 5 }],
  [
    5357,
    {
      ...cdpEmpty,
      ...bench(null),
      deviceId: 'linkpulse-bench',
      platform: 'Linkpulse',
      voiceVlanReply: 110,
      powerAvailableMilliwatts: 15_400,
    },
    { frame: 6 },
  ],
  [6898, { kind: 'vlan-used', ...phone(110) }, { frame: 9 }],
  [6899, { ...phoneDhcp, messageType: 'DISCOVER' }, { frame: 9 }],
  [6902, { kind: 'service', service: 'dhcp', action: 'lease-offered', detail: { address: '10.110.0.100' } }],
  [6903, { ...serverDhcp, messageType: 'OFFER' }, { frame: 10 }],
  [
    6921,
    { ...phoneDhcp, messageType: 'REQUEST', requestedAddress: '10.110.0.100', serverIdentifier: '10.110.0.1' },
    { frame: 11 },
  ],
  [6923, { ...serverDhcp, messageType: 'ACK' }, { frame: 12 }],
  [6968, { kind: 'address-used', ...phone(110), address: '10.110.0.100' }, { frame: 13 }],
  ...transfer(8512, 1, 'CTLSEP000F245A7960.tlv', 3, missing),
  ...transfer(8576, 2, 'SEP000F245A7960.cnf.xml', 14, {
    bytes: 1874,
    config: {
      loadInformation: 'P00308010200',
      callManagers: [
        { priority: 0, address: '10.110.0.11', port: 2000 },
        { priority: 1, address: '10.110.0.12', port: 2000 },
        { priority: 2, address: '10.110.0.13', port: 2000 },
      ],
    },
  }),
  [9104, tcp('connecting', '10.110.0.11'), { frame: 60 }],
  [9105, tcp('connected', '10.110.0.11'), { frame: 62 }],
  [9112, sccp('phone', 'Register', 0x1, { deviceName: deviceId, deviceType: 7 }), { frame: 63 }],
  [9113, sccp('phone', 'IpPort', 0x2), { frame: 64 }],
  [9116, sccp('bench', 'RegisterAck', 0x81, { keepAliveInterval: 5 }), { frame: 65 }],
  [9116.5, sccp('bench', 'CapabilitiesReq', 0x9b), { frame: 66 }],
  [9131, sccp('phone', 'CapabilitiesRes', 0x10), { frame: 67 }],
  [9150, sccp('phone', 'ButtonTemplateReq', 0xe), { frame: 68 }],
  [9152, sccp('bench', 'ButtonTemplate', 0x97), { frame: 69 }],
  [9170, sccp('phone', 'TimeDateReq', 0xd), { frame: 70 }],
  [9172, sccp('bench', 'DefineTimeDate', 0x94), { frame: 71 }],
  [14_118, sccp('phone', 'KeepAlive', 0x0), { frame: 75 }],
  [14_119, sccp('bench', 'KeepAliveAck', 0x100), { frame: 76 }],
];

const offScript = (atMs: number): Script => [
  [
    atMs,
    { kind: 'power-off', cause: 'COMMANDED', switchOffMs: 0.112, milliamps: 107.5 },
    { boardCycles: Math.round(atMs * 16_000) },
  ],
  [atMs + 184, { kind: 'jack-safe', jackSafeMs: 183.6 }],
  [atMs + 190, { kind: 'end', reason: 'all stages are judged' }],
];

export const healthyScript: Script = [
  ...discoveryScript,
  ...poweredScript,
  ...currentScript(112, 14_150),
  ...networkScript,
  ...offScript(14_160),
];

export const quickPlan = (): LoadedPlan => loadPlan('plans/quick.yaml');
export const demoPlan = (): LoadedPlan => loadPlan('plans/cp-7960g.yaml');

interface StageSketch {
  readonly verdict?: StageVerdict;
  readonly blame?: Blame;
  readonly cause: string;
  readonly nextAction?: string;
  /** Kinds of the events it rests on. */
  readonly evidence?: readonly Fact['kind'][];
  readonly ms?: readonly [number, number];
  readonly values?: Readonly<Partial<Record<MeasurementName, number>>>;
}

const verdictOf = (value: number, limits: Measurement['limits']): Measurement['verdict'] => {
  const { min = -Infinity, max = Infinity, marginalMin = min, marginalMax = max } = limits ?? {};
  if (value < min || value > max) return 'fail';
  return value < marginalMin || value > marginalMax ? 'marginal' : 'pass';
};

export const stagesOf = (
  plan: LoadedPlan,
  events: readonly TimelineEvent[],
  sketches: Readonly<Record<StageName, StageSketch>>,
): readonly StageResult[] =>
  stageNames.map((stage) => {
    const { verdict = 'pass', blame = null, cause, nextAction = '', evidence = [], ms, values = {} } = sketches[stage];
    const numbers = events.filter(({ fact }) => evidence.includes(fact.kind)).map(({ seq }) => seq);
    return {
      stage,
      verdict,
      blame,
      cause,
      nextAction,
      evidence: numbers.slice(0, 8),
      beganAtUs: ms === undefined ? null : ms[0] * 1000,
      endedAtUs: ms === undefined ? null : ms[1] * 1000,
      measurements: (Object.entries(values) as [MeasurementName, number][]).map(([name, value]) => {
        const limits = plan.plan.limits[name] ?? null;
        const unit = measurementUnits[name];
        return { name, value, unit, limits, verdict: verdictOf(value, limits), evidence: numbers[0] ?? 1 };
      }),
    };
  });

const healthySketches: Readonly<Record<StageName, StageSketch>> = {
  power: {
    cause: 'Three bursts came back exactly; the phone took power and draws 5.1 W.',
    evidence: ['discovery', 'power-on', 'inrush', 'power-off', 'jack-safe'],
    ms: [0, 160],
    values: {
      'power.discoveryBursts': 3,
      'power.echoRoundTripNs': 312.5,
      'power.discoveryAgeMs': 17.4,
      'power.inrushPeakMilliamps': 432,
      'power.inrushMs': 23.6,
      'power.steadyMilliwatts': 5138,
      'power.switchOffMs': 0.112,
      'power.jackSafeMs': 183.6,
    },
  },
  boot: {
    cause: 'Link came up 3.81 s after power.',
    evidence: ['power-on', 'link-up'],
    ms: [112, 3925],
    values: { 'boot.linkUpMs': 3813, 'boot.linkDrops': 0, 'boot.peakMilliwatts': 5790 },
  },
  vlan: {
    cause: 'The phone asked for the voice VLAN and took up 110.',
    evidence: ['cdp', 'vlan-used'],
    ms: [3925, 6898],
    values: { 'vlan.firstCdpMs': 431, 'vlan.takenUpMs': 2973, 'vlan.cdpMilliwatts': 6300 },
  },
  address: {
    cause: '10.110.0.100 was leased and is in use; options 150 and 66 were asked for.',
    evidence: ['dhcp', 'address-used'],
    ms: [6898, 6968],
    values: { 'address.ackMs': 25, 'address.discovers': 1 },
  },
  config: {
    cause: 'SEP000F245A7960.cnf.xml was fetched whole; the load is the plan’s.',
    evidence: ['tftp-request', 'tftp-end'],
    ms: [6968, 8590],
    values: { 'config.fetchedMs': 1622, 'config.filesAsked': 2, 'config.imageBytes': 0 },
  },
  registration: {
    cause: 'Registered with 10.110.0.11 (priority 0); one keepalive was answered.',
    evidence: ['tcp', 'sccp'],
    ms: [8590, 14_119],
    values: { 'registration.registeredMs': 582, 'registration.attempts': 1, 'registration.keepalives': 1 },
  },
};

export interface FixtureRun {
  readonly record: RunRecord;
  readonly events: readonly TimelineEvent[];
}

const runOf = (script: Script, sketches: Readonly<Record<StageName, StageSketch>>): FixtureRun => {
  const plan = demoPlan();
  const events = eventsOf(script);
  const record = buildRecord({
    runId: '20261123-031502-sim1-k3fw',
    station: 'simulated-bench',
    port: 'sim1',
    startedAt: '2026-11-23T03:15:02.250Z',
    plan,
    stages: stagesOf(plan, events, sketches),
    events,
    counts: { total: events.length, stored: events.length, folded: {} },
  });
  return { record, events };
};

export const healthyRun = (): FixtureRun => runOf(healthyScript, healthySketches);

export const marginalRun = (): FixtureRun =>
  runOf(healthyScript, {
    ...healthySketches,
    boot: {
      ...healthySketches.boot,
      verdict: 'marginal',
      cause: 'Link came up 4.71 s after power, inside the limit of 10 s but later than 4.5 s.',
      nextAction: 'Test again; a phone that stays slow may have a worn flash.',
      values: { 'boot.linkUpMs': 4710, 'boot.linkDrops': 0, 'boot.peakMilliwatts': 5790 },
    },
  });

export const limitedRun = (): FixtureRun =>
  runOf(
    healthyScript.map(([atMs, fact, stamp]) => [
      atMs,
      fact.kind === 'run-start'
        ? { ...fact, limited: ['Ethernet headers are made up', 'the voice VLAN tag was not on a real wire'] }
        : fact,
      ...(stamp === undefined ? [] : ([stamp] as const)),
    ]) as Script,
    healthySketches,
  );

const notReached = (after: StageName): StageSketch => ({
  verdict: 'not-reached',
  cause: `Not reached: stage ${after} ended the run.`,
});

export const shortCircuitRun = (): FixtureRun =>
  runOf(
    [
      ...discoveryScript,
      [112, { kind: 'power-on', pairs: 'spare', polarity: 'prestandard', discoveryAgeMs: 17.4 }],
      [112.9, { kind: 'power-off', cause: 'SHORT', switchOffMs: 0.011, milliamps: 448 }],
      [130, { kind: 'jack-safe', jackSafeMs: 17.2 }],
      [140, { kind: 'end', reason: 'stage power failed' }],
    ],
    {
      power: {
        verdict: 'fail',
        cause: 'The jack was shorted 0.9 ms after power-on; the board switched off within 0.011 ms.',
        nextAction: 'Try another cable; if the short stays, the phone’s power input is broken.',
        evidence: ['power-on', 'power-off'],
        ms: [0, 113],
        values: {
          'power.discoveryBursts': 3,
          'power.switchOffMs': 0.011,
          'power.jackSafeMs': 17.2,
          'power.inrushPeakMilliamps': 448,
        },
      },
      boot: notReached('power'),
      vlan: notReached('power'),
      address: notReached('power'),
      config: notReached('power'),
      registration: notReached('power'),
    },
  );

export const livePartnerRun = (): FixtureRun =>
  runOf(
    [
      ...discoveryScript.slice(0, 4),
      ...words.map((word, index) => [58 + 16 * index, burst(index, word, 0x41e1)] as const),
      [
        640,
        { kind: 'discovery', outcome: 'partner', bursts: 40, matches: 0, partnerWord: 0x41e1, foreignPulses: 1320 },
      ],
      [650, { kind: 'end', reason: 'stage power ended the run' }],
    ],
    {
      power: {
        verdict: 'error',
        blame: 'operator',
        cause: 'A live link partner answers (802.3, 10BASE-T and 100BASE-TX): this is no unpowered phone.',
        nextAction: 'Unplug the other device or the phone’s own power supply, then test again.',
        evidence: ['flp-burst', 'discovery'],
        ms: [0, 640],
        values: { 'power.discoveryBursts': 40 },
      },
      boot: notReached('power'),
      vlan: notReached('power'),
      address: notReached('power'),
      config: notReached('power'),
      registration: notReached('power'),
    },
  );
