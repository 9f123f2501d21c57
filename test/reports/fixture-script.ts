/** The timeline of a healthy phone, made by hand as a bench would record it, and the parts other stories are made of. */
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

export const burst = (index: number, word: number, heard: number | null): Fact => ({
  kind: 'flp-burst',
  index,
  pulseNanoseconds: 125,
  word,
  sent: positionsOf(word),
  heard: heard === null ? '0'.repeat(33) : positionsOf(heard),
  foreignPulses: heard === null || heard === word ? 0 : 33,
  roundTripNanoseconds: heard === word ? 312.5 : null,
});

export const words = [0x3fa1, 0x90c5, 0x6be2];

export const discoveryScript: Script = [
  [0, { kind: 'run-start', runId: '20261123-031502-sim1-k3fw', limited: [] }],
  [1.2, { kind: 'capture-proven' }],
  [
    4.5,
    {
      kind: 'board-identified',
      firmware: '1.0',
      revision: 1,
      serial: 'LP000042',
      resetCause: 'power-on',
      calibratedOn: '2026-11-23',
    },
  ],
  [40, { kind: 'power-requested' }],
  ...words.map(
    (word, index) => [58 + 16 * index, burst(index, word, word), { boardCycles: 928_000 + 256_000 * index }] as const,
  ),
  [
    95,
    {
      kind: 'discovery',
      method: 'prestandard',
      outcome: 'loopback',
      bursts: 3,
      matches: 3,
      partnerWord: null,
      foreignPulses: 0,
    },
  ],
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
    { kind: 'power-on', method: 'prestandard', pairs: 'spare', polarity: 'prestandard', discoveryAgeMs: 17.4 },
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
      versionStamp: '4f2d',
      sipTransport: null,
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
