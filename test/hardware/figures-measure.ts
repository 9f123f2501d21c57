/** The figures by which the firmware protects, each the worst of its runs, with the limit it is held to. */
import type { PinName } from '../../src/sim/pinmap.js';
import { type InjectorFields, injectorCauses } from '../../src/wire/injector-messages.js';
import {
  bursts,
  burstsSent,
  evenBeats,
  isLedMessage,
  milliamps,
  off,
  onceOn,
  powered,
  poweredByAf,
  poweredByLines,
  request,
} from './figures-scenarios.js';
import { type Action, cyclesPerMs, type Output, type Play, type RunLog } from './figures-stimulus.js';

export interface Figure {
  readonly name: string;
  /** The largest value allowed, in `unit`. */
  readonly limit: number;
  readonly unit: 'cycles' | 'us' | 'ms' | 'edges' | 'messages';
  readonly value: number;
}

const cyclesPerUs = cyclesPerMs / 1000;
const burstPeriod = 256_000;
const slotCycles = 1000;
const lastPosition = 32;
/** By the protocol's code. */
const pulseCycles = [2, 4, 8, 16] as const;
/** Longest time without a pump edge that keeps the monostable set. */
const pumpHoldMs = 30;

const rises = (log: RunLog, pin: Output): number[] =>
  log.edges.filter((edge) => edge.pin === pin && edge.high).map(({ cycle }) => cycle);
const worst = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);
const round = (value: number, digits: number): number => Number(value.toFixed(digits));

interface Geometry {
  readonly spacing: number;
  readonly period: number;
  readonly width: number;
}
/** How far the pulses stand from where 802.3 clause 28 as the firmware reads it puts them, in cycles. */
const geometryOf = (log: RunLog, width: number): Geometry => {
  const starts: number[] = [];
  let spacing = 0;
  let end = Number.POSITIVE_INFINITY;
  for (const rise of rises(log, 'FLP_TX')) {
    const start = starts.at(-1);
    const into = start === undefined ? Number.POSITIVE_INFINITY : rise - start;
    const isStart = into > (lastPosition + 1) * slotCycles;
    if (isStart && starts.length === burstsSent) {
      // The second try, with the widest pulses.
      end = rise;
      break;
    }
    if (isStart) starts.push(rise);
    else spacing = Math.max(spacing, Math.abs(into - Math.round(into / slotCycles) * slotCycles));
  }
  if (starts.length !== burstsSent || log.resets > 0) throw new Error(`${starts.length} bursts, ${log.resets} resets`);
  const pulses = log.edges.filter(({ pin, cycle }) => pin === 'FLP_TX' && cycle < end);
  const widths = pulses.flatMap((edge, index) => (edge.high ? [(pulses[index + 1]?.cycle ?? 0) - edge.cycle] : []));
  return {
    spacing,
    period: worst(starts.slice(1).map((start, index) => Math.abs(start - (starts[index] ?? 0) - burstPeriod))),
    width: worst(widths.map((measured) => Math.abs(measured - width))),
  };
};

/** One run that ends with the switch opened for `cause`; cycles of GATE's edges. */
const tripOf = (log: RunLog, cause: string): { readonly on: number; readonly off: number } => {
  const gate = log.edges.filter(({ pin }) => pin === 'GATE');
  const [on, opened] = gate;
  const told = log.messages.filter((message) => message.name === 'POWER').map(({ fields }) => fields as Power);
  const causes = told.filter((power) => power.on === 0).map((power) => injectorCauses[power.cause]);
  if (gate.length !== 2 || on?.high !== true || opened === undefined || causes.join() !== cause || log.resets > 0) {
    throw new Error(`${cause}: ${gate.length} edges of GATE, told ${causes.join()}, ${log.resets} resets`);
  }
  return { on: on.cycle, off: opened.cycle };
};
type Power = InjectorFields<'POWER'>;

/** The same by the lines, which tell no cause: `fault` is whether FAULT_N fell with GATE. */
const lineTripOf = (log: RunLog, fault: boolean): { readonly on: number; readonly off: number } => {
  const gate = log.edges.filter(({ pin }) => pin === 'GATE');
  const [on, opened] = gate;
  const isFault = log.edges.findLast(({ pin }) => pin === 'FAULT_N')?.high === false;
  if (gate.length !== 2 || on?.high !== true || opened === undefined || isFault !== fault || log.resets > 0) {
    throw new Error(`lines: ${gate.length} edges of GATE, fault ${isFault}, ${log.resets} resets`);
  }
  return { on: on.cycle, off: opened.cycle };
};
const causeOfPin: Partial<Record<PinName, string>> = { SHORT_N: 'SHORT', ESTOP_OK: 'ESTOP', DISC_READBACK: 'RELAY' };

const phases = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
/** The guard's pass takes 160 us and reads the current every other time. */
const turnCycles = 5120;
/**
 * How long after power-on a stimulus comes: past the inrush, at `count` places spread over the 50 ms between TICKs and evenly
 * over the guard's turn.
 */
const spread = (count: number): number[] =>
  phases(count).map((phase) => {
    const turns = Math.floor((phase * 50 * cyclesPerMs) / count / turnCycles);
    return 60 * cyclesPerMs + turns * turnCycles + Math.round((phase * turnCycles) / count);
  });
const pumpEdges = (log: RunLog): number[] => log.edges.filter(({ pin }) => pin === 'PUMP').map(({ cycle }) => cycle);
/** How long after power-on: about when the pins are read for the last time before one of the two longest passes. */
const beforeLongPasses = (log: RunLog, untilMs: number): number[] => {
  const on = rises(log, 'GATE')[0] ?? 0;
  const edges = pumpEdges(log).map((cycle) => cycle - on);
  const passes = edges
    .slice(1)
    .map((cycle, index) => ({ since: edges[index] ?? 0, cycles: cycle - (edges[index] ?? 0) }));
  return passes
    .filter(({ since }) => since < untilMs * cyclesPerMs)
    .sort((a, b) => b.cycles - a.cycles)
    .slice(0, 2)
    .flatMap(({ since }) => [0, 50, 100].map((earlier) => since - earlier));
};

export const measureFigures = (play: Play): Figure[] => {
  const figures: Figure[] = [];
  const tell = (name: string, unit: Figure['unit'], limit: number, value: number, digits = 0): void => {
    figures.push({ name, unit, limit, value: round(value, digits) });
  };
  const pumpAfterGate: number[] = [];
  const pumpGaps: number[] = [];
  const watch = (log: RunLog, on: number, opened: number): void => {
    const pump = pumpEdges(log);
    pumpAfterGate.push(pump.filter((cycle) => cycle >= opened).length);
    const alive = [on, ...pump.filter((cycle) => cycle > on && cycle < opened)];
    pumpGaps.push(worst(alive.slice(1).map((cycle, index) => cycle - (alive[index] ?? 0))));
  };

  const ofEveryWidth = (flooded: boolean) => {
    const logs = pulseCycles.map((_, code) => play(bursts(flooded, code)));
    const geometries = logs.map((log, code) => geometryOf(log, pulseCycles[code] ?? 0));
    const worstOf = (name: keyof Geometry) => worst(geometries.map((geometry) => geometry[name]));
    return { logs, spacing: worstOf('spacing'), period: worstOf('period'), width: worstOf('width') };
  };
  const quiet = ofEveryWidth(false);
  const flooded = ofEveryWidth(true);
  tell('pulse spacing, error', 'cycles', 0, quiet.spacing);
  tell('pulse spacing, error, serial line flooded', 'cycles', 0, flooded.spacing);
  tell('burst to burst (16 ms), error', 'cycles', 0, quiet.period);
  tell('burst to burst (16 ms), error, serial line flooded', 'cycles', 0, flooded.period);
  tell(
    'pulse width (125 ns .. 1 us), error, serial line quiet or flooded',
    'cycles',
    0,
    Math.max(quiet.width, flooded.width),
  );
  const lost = flooded.logs.map((log) => {
    const messages = log.did.filter(({ action }) => isLedMessage(action)).length;
    const ledEdges = log.edges.filter(({ pin }) => pin === 'STATUS_LED').length;
    return Math.max(messages - ledEdges, log.lostBytes);
  });
  tell('messages lost in the flood', 'messages', 0, worst(lost));

  /** A stimulus while on; from it to GATE low, the worst of all places, every other of the spread ones with the line flooded. */
  const opens = (
    cause: string,
    action: Action,
    places: readonly number[],
    runMs: number,
    more: readonly number[] = [],
  ) =>
    worst(
      [...places, ...more].map((after, run) => {
        const flooded = run % 2 === 1 && run < places.length;
        const log = play(powered({ runMs, answers: [onceOn(after, action)], flooded }));
        const trip = tripOf(log, cause);
        watch(log, trip.on, trip.off);
        return trip.off - (trip.on + after);
      }),
    );
  const longPasses = beforeLongPasses(play(powered({ runMs: 460 })), 150);
  const pinLow = (pin: PinName): number =>
    opens(causeOfPin[pin] ?? '', { pin, high: false }, spread(4), 460, longPasses) / cyclesPerUs;
  tell('SHORT_N low to GATE low', 'us', 1000, pinLow('SHORT_N'));
  tell('e-stop contact open (ESTOP_OK low) to GATE low', 'us', 1000, pinLow('ESTOP_OK'));
  tell('relay leaves pass-through (DISC_READBACK low) to GATE low', 'us', 1000, pinLow('DISC_READBACK'));
  tell(
    `overload (400 mA, limit ${request.overloadMilliamps} mA for ${request.overloadMs} ms) to GATE low`,
    'ms',
    75,
    opens('OVERLOAD', milliamps(400), spread(8), 560) / cyclesPerMs,
    2,
  );
  tell(
    `unplugged (0 mA, limit ${request.underloadMilliamps} mA for ${request.underloadMs} ms) to GATE low`,
    'ms',
    400,
    opens('UNDERLOAD', milliamps(0), spread(8), 860) / cyclesPerMs,
    2,
  );

  const inrush = play(powered({ runMs: 460, phone: [onceOn(0, milliamps(420))] }));
  const stuck = tripOf(inrush, 'INRUSH');
  watch(inrush, stuck.on, stuck.off);
  tell(
    `inrush that does not end (timer ${request.inrushTimerMs} ms), power on to GATE low`,
    'ms',
    75,
    (stuck.off - stuck.on) / cyclesPerMs,
    2,
  );

  const trace = inrush.messages.find(({ name }) => name === 'INRUSH')?.fields as InjectorFields<'INRUSH'> | undefined;
  tell('inrush trace, from sample to sample', 'us', 200, trace?.samplePeriodUs ?? Number.NaN);

  const heartbeat = [400, 500].map((heartbeatsUntilMs) => {
    const log = play(powered({ runMs: heartbeatsUntilMs + 620, heartbeatsUntilMs }));
    const trip = tripOf(log, 'HEARTBEAT');
    watch(log, trip.on, trip.off);
    const told = log.messages.findLast(({ name }) => name === 'POWER')?.fields as Power | undefined;
    return { fromArrival: trip.off - (log.arrivals.at(-1) ?? 0), fromTick: (told?.delay ?? Number.NaN) * 64 };
  });
  const heartbeatName = `(time-out ${request.heartbeatTimeoutMs} ms) to GATE low`;
  tell(
    `last heartbeat received ${heartbeatName}`,
    'ms',
    550,
    worst(heartbeat.map(({ fromArrival }) => fromArrival)) / cyclesPerMs,
    2,
  );
  tell(
    `the TICK it returned sent ${heartbeatName}`,
    'ms',
    550,
    worst(heartbeat.map(({ fromTick }) => fromTick)) / cyclesPerMs,
    2,
  );

  const noLink = play(powered({ runMs: 1400, request: { linkDeadlineMs: 1000 } }));
  const deadline = tripOf(noLink, 'LINK_DEADLINE');
  watch(noLink, deadline.on, deadline.off);
  tell('no link (deadline 1000 ms), power on to GATE low', 'ms', 1001, (deadline.off - deadline.on) / cyclesPerMs, 2);

  const commanded = spread(6).map((after) => {
    const log = play(powered({ runMs: 460, answers: [onceOn(after, off)] }));
    const trip = tripOf(log, 'COMMANDED');
    watch(log, trip.on, trip.off);
    const sent = log.did.findIndex(({ action }) => action === off);
    const arrival = log.arrivals[log.did.slice(0, sent).filter(({ action }) => 'bytes' in action).length] ?? Number.NaN;
    return trip.off - arrival;
  });
  tell("OFF's last byte received to GATE low", 'us', 1000, worst(commanded) / cyclesPerUs);

  const byAf = play(poweredByAf());
  const [detected = Number.NaN] = rises(byAf, 'AF_CLASS');
  const [fed = Number.NaN] = rises(byAf, 'GATE');
  tell('802.3af: end of the detection to power on', 'ms', 400, (fed - detected) / cyclesPerMs, 2);

  const released = [...spread(4), ...longPasses].map((after) => {
    const log = play(poweredByLines({ runMs: 660, answers: [onceOn(after, { pin: 'PWR_REQ', high: false })] }));
    const trip = lineTripOf(log, false);
    watch(log, trip.on, trip.off);
    return trip.off - (trip.on + after);
  });
  tell('PWR_REQ low to GATE low', 'us', 1000, worst(released) / cyclesPerUs);
  const lineStops = [400, 500].map((lastEdgeMs) => {
    const log = play(poweredByLines({ runMs: lastEdgeMs + 520, beats: evenBeats(lastEdgeMs) }));
    const trip = lineTripOf(log, true);
    watch(log, trip.on, trip.off);
    return trip.off / cyclesPerMs - lastEdgeMs;
  });
  tell('last edge of HEARTBEAT (time-out 500 ms) to GATE low', 'ms', 550, worst(lineStops), 2);
  const tooFast = [515, 517.11, 519.23].map((edgeMs) => {
    const log = play(poweredByLines({ runMs: 560, beats: [...evenBeats(500), edgeMs] }));
    const trip = lineTripOf(log, true);
    watch(log, trip.on, trip.off);
    return trip.off / cyclesPerUs - edgeMs * 1000;
  });
  tell('an edge of HEARTBEAT less than 20 ms after the last to GATE low', 'us', 1000, worst(tooFast));

  tell('edges of PUMP after GATE low, in all runs above', 'edges', 0, worst(pumpAfterGate));
  tell('longest time between edges of PUMP while on', 'ms', pumpHoldMs, worst(pumpGaps) / cyclesPerMs, 2);
  return figures;
};
