/** What the protection figures are measured in: a host that lives by the clock alone, and a phone that fits. */

import { encodeInjectorMessage, injectorProtocol, injectorSysexId } from '../../src/wire/injector.js';
import type { HostMessageName, InjectorFields } from '../../src/wire/injector-messages.js';
import { usualRequest } from '../firmware/firmware-bench.js';
import { type Action, type Answer, cyclesPerMs, type Scenario, type Timed } from './figures-stimulus.js';

export const request = usualRequest;
export const burstsSent = 20;

const identifyMs = 20;
const discoverMs = 120;
/** The board's TICKs come every 50 ms from reset on; this long after one its counter goes back as a heartbeat. */
const tickMs = 50;
const answerMs = 5;
const echoCycles = 3;
const heardCycles = 6;
const inrushMs = 20;

const sysex = <N extends HostMessageName>(name: N, seq: number, fields: InjectorFields<N>): Action => ({
  bytes: [0xf0, injectorSysexId, ...encodeInjectorMessage(name, seq & 0xff, fields), 0xf7],
});
export const milliamps = (value: number): Action => ({ analog: 'CURRENT', counts: Math.round((value / 500) * 1023) });
const volts = (value: number): Action => ({ analog: 'JACK_VOLTS', counts: Math.round((value / 64) * 1023) });
export const off: Action = sysex('OFF', 99, {});
const atMs = (ms: number, action: Action): Timed => ({ cycle: Math.round(ms * cyclesPerMs), action });
/** `cycles` after power came on. */
export const onceOn = (cycles: number, action: Action): Answer => ({
  pin: 'GATE',
  high: true,
  after: Math.round(cycles),
  action,
});

const boardAtRest: readonly Timed[] = (['SHORT_N', 'ESTOP_OK', 'DISC_READBACK'] as const).map((pin) =>
  atMs(0, { pin, high: true }),
);
/** 25 kohm and class 1 behind a bridge, as both ends of the detection resistor and the class source's sense show them. */
const signature: readonly Answer[] = [
  { pin: 'AF_CONNECT', high: true, after: 0, action: { analog: 'AF_SENSE', counts: 450 } },
  { pin: 'AF_CONNECT', high: true, after: 0, action: { analog: 'READBACK', counts: 403 } },
  { pin: 'AF_HIGH', high: true, after: 0, action: { analog: 'AF_SENSE', counts: 962 } },
  { pin: 'AF_HIGH', high: true, after: 0, action: { analog: 'READBACK', counts: 842 } },
  { pin: 'AF_CLASS', high: true, after: 0, action: { analog: 'AF_SENSE', counts: 216 } },
];
const relayAndEcho: readonly Answer[] = [
  { pin: 'DISC_RELAY', high: true, after: 0, action: { pin: 'DISC_READBACK', high: false } },
  { pin: 'DISC_RELAY', high: false, after: 0, action: { pin: 'DISC_READBACK', high: true } },
];
const inDiscovery = { pin: 'DISC_RELAY', high: true } as const;
const echo: readonly Answer[] = [
  { pin: 'FLP_TX', high: true, when: inDiscovery, after: echoCycles, action: { pin: 'FLP_RX', high: true } },
  {
    pin: 'FLP_TX',
    high: true,
    when: inDiscovery,
    after: echoCycles + heardCycles,
    action: { pin: 'FLP_RX', high: false },
  },
];
/** Charges its capacitors at the limit for 20 ms, then draws 60 mA. */
const phone: readonly Answer[] = [
  onceOn(0, milliamps(420)),
  onceOn((inrushMs / 2) * cyclesPerMs, volts(24)),
  onceOn(inrushMs * cyclesPerMs, milliamps(60)),
  onceOn(inrushMs * cyclesPerMs, volts(48)),
  { pin: 'GATE', high: false, after: 0, action: milliamps(0) },
  { pin: 'GATE', high: false, after: 40 * cyclesPerMs, action: volts(0) },
];
const digitalWrite = 0xf5;
const ledPin = 13;
export const isLedMessage = (action: Action): boolean => 'bytes' in action && action.bytes[0] === digitalWrite;
/** LED on and off, as fast as the line carries it. */
const flood = (fromMs: number, toMs: number): Timed[] => {
  const messageMs = (3 * 10 * 1000) / 57_600;
  const count = Math.floor((toMs - fromMs) / messageMs);
  return Array.from({ length: count }, (_, n) =>
    atMs(fromMs + n * messageMs, { bytes: [digitalWrite, ledPin, (n + 1) % 2] }),
  );
};
const ledOutput: Action = { bytes: [0xf4, ledPin, 1] };

const heartbeats = (untilMs: number): Timed[] => {
  const beats: Timed[] = [];
  for (let counter = 1; counter * tickMs + answerMs < untilMs; counter += 2)
    beats.push(atMs(counter * tickMs + answerMs, sysex('HEARTBEAT', counter, { counter })));
  return beats;
};

export interface PowerOptions {
  readonly runMs: number;
  readonly answers?: readonly Answer[];
  readonly request?: Partial<InjectorFields<'DISCOVER'>>;
  readonly heartbeatsUntilMs?: number;
  readonly flooded?: boolean;
  readonly phone?: readonly Answer[];
}
/** Power on a phone about 270 ms after reset, then what `answers` say. */
export const powered = (options: PowerOptions): Scenario => ({
  endCycle: options.runMs * cyclesPerMs,
  at: [
    ...boardAtRest,
    atMs(identifyMs, sysex('IDENTIFY', 1, { protocol: injectorProtocol })),
    atMs(discoverMs, sysex('DISCOVER', 2, { ...request, ...options.request })),
    ...heartbeats(options.heartbeatsUntilMs ?? options.runMs),
    ...(options.flooded === true ? flood(300, options.runMs - 100) : []),
  ],
  answers: [...relayAndEcho, ...echo, ...(options.phone ?? phone), ...(options.answers ?? [])],
});

/** As `powered`, by 802.3af. */
export const poweredByAf = (): Scenario => {
  const prestandard = powered({ runMs: 460, request: { method: 1 } });
  return { ...prestandard, answers: [...prestandard.answers, ...signature] };
};

const lineHalfPeriodMs = 100;
const requestMs = 250;
export interface LinesOptions {
  readonly runMs: number;
  readonly answers?: readonly Answer[];
  /** Edges of HEARTBEAT, in ms. */
  readonly beats?: readonly number[];
}
export const evenBeats = (untilMs: number): number[] =>
  Array.from({ length: Math.floor(untilMs / lineHalfPeriodMs) }, (_, index) => (index + 1) * lineHalfPeriodMs);
/** Power by the discrete lines alone, about 270 ms after reset. */
export const poweredByLines = (options: LinesOptions): Scenario => ({
  endCycle: options.runMs * cyclesPerMs,
  at: [
    ...boardAtRest,
    ...(options.beats ?? evenBeats(options.runMs)).map((ms, index) =>
      atMs(ms, { pin: 'HEARTBEAT', high: index % 2 === 0 }),
    ),
    atMs(requestMs, { pin: 'PWR_REQ', high: true }),
  ],
  answers: [...relayAndEcho, ...echo, ...phone, ...(options.answers ?? [])],
});

/** Twenty bursts into an open line; `flooded`: the host sends all the line carries meanwhile. */
export const bursts = (flooded: boolean, pulseWidth: number): Scenario => ({
  endCycle: 600 * cyclesPerMs,
  at: [
    ...boardAtRest,
    atMs(identifyMs, sysex('IDENTIFY', 1, { protocol: injectorProtocol })),
    atMs(discoverMs - 5, ledOutput),
    atMs(discoverMs, sysex('DISCOVER', 2, { ...request, flags: 0, maxBursts: burstsSent, pulseWidth })),
    ...(flooded ? flood(discoverMs + 10, 590) : []),
  ],
  answers: relayAndEcho,
});
