/**
 * The board's own protocol as a table (docs/board-protocol.md): types, names and fields of both directions, and the
 * code tables. The codec is injector.ts.
 */
import type { DiscoveryOutcome, PowerOffCause } from '../timeline/events.js';

/** Board time stamps count 64 CPU cycles, 4 us at 16 MHz; they wrap after 2^32 units (4 h 46 min). */
export const injectorTimeUnitCycles = 64;
/** `roundTripCycles` of a burst in which nothing came back. */
export const noRoundTrip = 0xff;
/** `jackSafe` of a trip whose jack was not seen below 2.8 V. */
export const jackSafeNotSeen = 0xffffffff;

/** What a field is on the wire, and what it is here. */
export interface FieldValues {
  readonly u8: number;
  readonly u16: number;
  readonly u32: number;
  /** 5 bytes, bit n is pulse position n+1: 33 characters '1' or '0'. */
  readonly positions: string;
  /** 8 bytes of ASCII. */
  readonly text8: string;
  /** A count byte, then so many u16. */
  readonly counted16: readonly number[];
  /** u16 up to the end of the payload, 24 at most. */
  readonly rest16: readonly number[];
}
export type FieldKind = keyof FieldValues;
export interface MessageSpec {
  readonly type: number;
  readonly from: 'host' | 'board';
  readonly fields: readonly (readonly [name: string, kind: FieldKind])[];
}

/** How to discover and what to feed: fields that DISCOVER and a profile share. */
const manner = [
  ['method', 'u8'],
  ['pairs', 'u8'],
  ['echoes', 'u8'],
  ['maxBursts', 'u8'],
  ['pulseWidth', 'u8'],
] as const;
const limits = [
  ['inrushTimerMs', 'u16'],
  ['overloadMilliamps', 'u16'],
  ['overloadMs', 'u16'],
  ['underloadMilliamps', 'u16'],
  ['underloadMs', 'u16'],
  ['heartbeatTimeoutMs', 'u16'],
  ['linkDeadlineMs', 'u16'],
  ['offDwellMs', 'u16'],
] as const;
const profile = [['id', 'u16'], ...manner, ...limits] as const;

export const injectorMessages = {
  IDENTIFY: { type: 0x01, from: 'host', fields: [['protocol', 'u8']] },
  DISCOVER: {
    type: 0x02,
    from: 'host',
    fields: [['flags', 'u8'], ...manner, ...limits, ['entropy', 'u32']],
  },
  OFF: { type: 0x03, from: 'host', fields: [] },
  HEARTBEAT: { type: 0x04, from: 'host', fields: [['counter', 'u16']] },
  LINK: { type: 0x05, from: 'host', fields: [['up', 'u8']] },
  TAKE_TRIP: { type: 0x06, from: 'host', fields: [] },
  UNLOCK: { type: 0x07, from: 'host', fields: [] },
  SELFTEST: { type: 0x08, from: 'host', fields: [['flags', 'u8']] },
  STORE_PROFILE: { type: 0x09, from: 'host', fields: profile },
  READ_PROFILE: { type: 0x0a, from: 'host', fields: [] },
  IDENTITY: {
    type: 0x41,
    from: 'board',
    fields: [
      ['protocol', 'u8'],
      ['firmwareMajor', 'u8'],
      ['firmwareMinor', 'u8'],
      ['revision', 'u8'],
      ['resetCause', 'u8'],
      ['serial', 'text8'],
      ['calibrated', 'u8'],
      ['calibrationDays', 'u16'],
      ['profileId', 'u16'],
    ],
  },
  ACK: {
    type: 0x42,
    from: 'board',
    fields: [
      ['ofType', 'u8'],
      ['ofSeq', 'u8'],
    ],
  },
  REFUSED: {
    type: 0x43,
    from: 'board',
    fields: [
      ['ofType', 'u8'],
      ['ofSeq', 'u8'],
      ['code', 'u8'],
    ],
  },
  TICK: {
    type: 0x44,
    from: 'board',
    fields: [
      ['counter', 'u16'],
      ['time', 'u32'],
      ['state', 'u8'],
      ['milliamps', 'u16'],
      ['jackMillivolts', 'u16'],
      ['flags', 'u8'],
    ],
  },
  BURST: {
    type: 0x45,
    from: 'board',
    fields: [
      ['time', 'u32'],
      ['index', 'u8'],
      ['word', 'u16'],
      ['sent', 'positions'],
      ['heard', 'positions'],
      ['roundTripCycles', 'u8'],
      ['foreign', 'u8'],
      ['pulseWidth', 'u8'],
    ],
  },
  DISCOVERY: {
    type: 0x46,
    from: 'board',
    fields: [
      ['time', 'u32'],
      ['outcome', 'u8'],
      ['bursts', 'u8'],
      ['matches', 'u8'],
      ['partnerWord', 'u16'],
      ['partnerWordValid', 'u8'],
      ['foreign', 'u16'],
      ['method', 'u8'],
    ],
  },
  POWER: {
    type: 0x47,
    from: 'board',
    fields: [
      ['time', 'u32'],
      ['on', 'u8'],
      ['cause', 'u8'],
      ['delay', 'u32'],
      ['milliamps', 'u16'],
      ['method', 'u8'],
      ['pairs', 'u8'],
    ],
  },
  JACK_SAFE: {
    type: 0x48,
    from: 'board',
    fields: [
      ['time', 'u32'],
      ['delay', 'u32'],
    ],
  },
  INRUSH: {
    type: 0x49,
    from: 'board',
    fields: [
      ['time', 'u32'],
      ['peakMilliamps', 'u16'],
      ['duration', 'u32'],
      ['samplePeriodUs', 'u16'],
      ['count', 'u8'],
    ],
  },
  TRACE: {
    type: 0x4a,
    from: 'board',
    fields: [
      ['offset', 'u8'],
      ['milliamps', 'rest16'],
    ],
  },
  SAMPLES: {
    type: 0x4b,
    from: 'board',
    fields: [
      ['time', 'u32'],
      ['periodMs', 'u8'],
      ['milliamps', 'counted16'],
      ['jackMillivolts', 'u16'],
    ],
  },
  FAULT: {
    type: 0x4c,
    from: 'board',
    fields: [
      ['time', 'u32'],
      ['code', 'u8'],
      ['jackMillivolts', 'u16'],
    ],
  },
  TRIP: {
    type: 0x4d,
    from: 'board',
    fields: [
      ['valid', 'u8'],
      ['cause', 'u8'],
      ['switchOff', 'u32'],
      ['jackSafe', 'u32'],
    ],
  },
  SELFTEST_RESULT: {
    type: 0x4e,
    from: 'board',
    fields: [
      ['time', 'u32'],
      ['reference', 'u8'],
      ['adcZero', 'u8'],
      ['currentZero', 'u8'],
      ['jackOff', 'u8'],
      ['shortLatch', 'u8'],
      ['comparatorQuiet', 'u8'],
      ['loopback', 'u8'],
      ['relayFrontEnd', 'u8'],
      ['relayPassThrough', 'u8'],
      ['estop', 'u8'],
      ['switch2Opens', 'u8'],
      ['switch2Closes', 'u8'],
      ['gateOpens', 'u8'],
      ['gateCloses', 'u8'],
      ['pumpNeeded', 'u8'],
      ['detectionSource', 'u8'],
      ['resetCause', 'u8'],
      ['referenceCounts', 'u16'],
      ['milliamps', 'u16'],
      ['jackMillivolts', 'u16'],
    ],
  },
  PROBE: {
    type: 0x4f,
    from: 'board',
    fields: [
      ['time', 'u32'],
      ['kind', 'u8'],
      ['ohms', 'u32'],
      ['class', 'u8'],
      ['classMicroamps', 'u16'],
      ['lowMillivolts', 'u16'],
      ['highMillivolts', 'u16'],
    ],
  },
  PROFILE: { type: 0x50, from: 'board', fields: [['valid', 'u8'], ...profile] },
} as const satisfies Record<string, MessageSpec>;

type Messages = typeof injectorMessages;
export type InjectorMessageName = keyof Messages;
type NamesFrom<Side extends 'host' | 'board'> = {
  [N in InjectorMessageName]: Messages[N]['from'] extends Side ? N : never;
}[InjectorMessageName];
export type HostMessageName = NamesFrom<'host'>;
export type BoardMessageName = NamesFrom<'board'>;

/** The fields of one message, by name, in their units. */
export type InjectorFields<N extends InjectorMessageName> = {
  readonly [F in Messages[N]['fields'][number] as F[0]]: FieldValues[F[1]];
};
export type InjectorMessage<N extends InjectorMessageName = InjectorMessageName> = {
  [K in N]: { readonly name: K; readonly seq: number; readonly fields: InjectorFields<K> };
}[N];
/** A whole body (CRC and framing right) of a type that is not in the table. */
export interface UnknownInjectorMessage {
  readonly name: 'unknown';
  readonly seq: number;
  readonly type: number;
  readonly payload: Uint8Array;
}
// ---- code tables -------------------------------------------------------------------------------------

export const injectorStates = ['off', 'discovering', 'inrush', 'on', 'discharging', 'locked'] as const;
export type InjectorState = (typeof injectorStates)[number];

/** Bits of TICK.flags. */
export const tickFlags = {
  estopOk: 1,
  passThrough: 2,
  locked: 4,
  tripStored: 8,
  powerRequest: 16,
  heartbeatLine: 32,
  linesCommand: 64,
} as const;
/** Bits of DISCOVER.flags. */
export const discoverFlags = { power: 1, heartbeatLine: 2 } as const;
/** Bits of SELFTEST.flags. */
export const selfTestFlags = { starveWatchdog: 1 } as const;

/** DISCOVER's `method`, and the one that decided in DISCOVERY and POWER. */
export const injectorMethods = ['prestandard', '802.3af', 'auto'] as const;
/** `pairs`: the code of DISCOVER, and what POWER tells (never `by method`). */
export const injectorPairs = [
  'by method',
  'spare 4,5- 7,8+',
  'spare 4,5+ 7,8-',
  'data 1,2- 3,6+',
  'data 1,2+ 3,6-',
] as const;

/** Nanoseconds of a link pulse by the code of DISCOVER and BURST. */
export const injectorPulseNanoseconds = [125, 250, 500, 1000] as const;

/** One table for causes of power off and fault codes; index is the code, 0 is none. */
export const injectorCauses = [
  undefined,
  'COMMANDED',
  'HEARTBEAT',
  'SHORT',
  'OVERLOAD',
  'INRUSH',
  'UNDERLOAD',
  'ESTOP',
  'LINK_DEADLINE',
  'SYSTEM_RESET',
  'BOARD_RESET',
  'RELAY',
  'FOREIGN_VOLTAGE',
  'SWITCH_STUCK',
  'LINE_TOO_FAST',
  'NOT_FOUND',
  'PWR_REQ_HELD',
] as const satisfies readonly (PowerOffCause | undefined)[];

export const injectorRefusals = [
  undefined,
  'UNKNOWN_TYPE',
  'BAD_LENGTH',
  'BAD_CRC',
  'BAD_PARAMETER',
  'BUSY',
  'FOREIGN_VOLTAGE',
  'OFF_DWELL',
  'NO_HEARTBEAT',
  'ESTOP',
  'LOCKED',
  'NOT_IDENTIFIED',
  'PROTOCOL_VERSION',
  'NOT_CALIBRATED',
  'PAIRS',
  'LINES',
] as const;
export type InjectorRefusal = Exclude<(typeof injectorRefusals)[number], undefined>;

export const injectorOutcomes = [
  'loopback',
  'nothing',
  'partner',
  'noise',
  'signature',
  'no-signature',
] as const satisfies readonly DiscoveryOutcome[];

/** PROBE's `kind`. */
export const probeKinds = ['open', 'load', 'signature', 'low', 'high', 'not possible'] as const;
/** `ohms` of a PROBE without a figure, `class` of one without a class. */
export const noOhms = 0xffffffff;
export const noClass = 0xff;

/** Result of each check of SELFTEST_RESULT, by its code. */
export const selfTestResults = ['passed', 'failed', 'not possible'] as const;

/** MCUSR bits of IDENTITY.resetCause, ATmega328P data sheet 10.9.1. */
const resetCauseBits = [
  [0x01, 'power-on'],
  [0x02, 'external'],
  [0x04, 'brown-out'],
  [0x08, 'watchdog'],
] as const;
export const describeResetCause = (bits: number): string => {
  const names = resetCauseBits.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? 'none' : names.join('+');
};
