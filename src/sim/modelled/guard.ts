/**
 * The modelled board's guard (hardware/firmware/guard.c, trace.c, heartbeat.c): what keeps power on, and what is told of it.
 * The electrical side is the same as the real firmware's (src/sim/electrical.ts); the guard looks at it every 160 us while
 * current still settles, else every 10 ms and whenever an input changes.
 */
import { nominalGain } from '../../wire/board-block.js';
import {
  type InjectorFields,
  type InjectorState,
  injectorCauses,
  injectorStates,
  injectorTimeUnitCycles,
  jackSafeNotSeen,
  tickFlags,
} from '../../wire/injector-messages.js';
import type { PowerPath } from '../electrical.js';
import { cyclesPerSecond } from '../machine.js';
import type { Agenda } from './agenda.js';
import type { Outbox } from './outbox.js';

export type Cause = NonNullable<(typeof injectorCauses)[number]>;
export type Limits = Omit<InjectorFields<'DISCOVER'>, 'flags' | 'entropy'>;

/** SRAM that a reset leaves alone. */
export interface Kept {
  powered: boolean;
  locked: boolean;
  trip: { cause: Cause; switchOffCycles: number; jackSafeCycles: number | null } | null;
}
export const nothingKept = (): Kept => ({ powered: false, locked: false, trip: null });

export const cyclesOf = (milliseconds: number): number => (milliseconds * cyclesPerSecond) / 1000;
export const unitsOf = (cycles: number): number => Math.floor(cycles / injectorTimeUnitCycles);
export const codeOf = (cause: Cause): number => injectorCauses.indexOf(cause);

/** hardware/firmware/config.h, in its words. */
const timing = {
  pass: 0.16,
  tick: 50,
  sample: 10,
  settled: 2,
  stuck: 500,
  dwellAfterReset: 5000,
} as const;
const ticksKept = 32;
const samplesABlock = 10;
const traceSamples = 255;
const safeMillivolts = 2800;
const inrushDoneMillivolts = 30_000;
/** Gains are in parts of 2^16 for mA and 2^9 for mV. */
const gainBits = { current: 2 ** 16, jack: 2 ** 9 } as const;

export interface Guard {
  readonly state: InjectorState;
  readonly isDwelling: boolean;
  readonly isEstopOk: boolean;
  readonly isJackSafe: boolean;
  readings(): { readonly milliamps: number; readonly jackMillivolts: number };
  setDiscovering(discovering: boolean): void;
  heartbeat(counter: number): void;
  isHeartbeatFresh(timeoutMs: number): boolean;
  link(up: boolean): void;
  /** What keeps power from going on; undefined: nothing. */
  obstacle(timeoutMs: number): Cause | undefined;
  powerOn(limits: Limits, method: number, discoveredAt: number): void;
  off(cause: Cause, since?: number): void;
  fault(cause: Cause): void;
  lock(since: number): void;
  unlock(): boolean;
  takeTrip(): void;
  /** An input of the chip has changed: it is looked at with the next pass. */
  inputChanged(): void;
}

export interface GuardParts {
  readonly agenda: Agenda;
  readonly path: PowerPath;
  readonly outbox: Outbox;
  readonly kept: Kept;
  /** Pairs as the polarity relay stands: a code of POWER. */
  readonly fedPairs: () => number;
  /** After the host has introduced itself: until then nothing is told unasked. */
  readonly isTelling: () => boolean;
}

interface On {
  readonly limits: Limits;
  readonly method: number;
  readonly atCycle: number;
  linkSince: number | null;
  overSince: number | null;
  underSince: number | null;
  settlingSince: number | null;
  peakMilliamps: number;
  readonly trace: number[];
  samples: number[];
  nextSample: number;
}

export const createGuard = ({ agenda, path, outbox, kept, fedPairs, isTelling }: GuardParts): Guard => {
  let state: InjectorState = 'off';
  let on: On | undefined;
  let tickCounter = 0;
  const tickSentAt = new Map<number, number>();
  let heardCounter: number | null = null;
  let heardAt: number | null = null;
  let offAt = agenda.cycles;
  let dwellCycles = 0;
  let causeAt = 0;
  let watchesJack = false;

  const now = () => agenda.cycles;
  const readings = () => {
    path.advanceTo(now());
    return {
      milliamps: Math.floor((path.currentCounts() * nominalGain) / gainBits.current),
      jackMillivolts: Math.floor((path.jackCounts() * nominalGain) / gainBits.jack),
    };
  };
  const isJackSafe = () => readings().jackMillivolts < safeMillivolts;
  const isEstopOk = () => {
    path.advanceTo(now());
    return path.inputs.ESTOP_OK;
  };
  const report: Outbox['message'] = (name, fields, slot) => {
    if (isTelling()) outbox.message(name, fields, slot);
  };
  const fault = (cause: Cause) =>
    report('FAULT', { time: unitsOf(now()), code: codeOf(cause), jackMillivolts: readings().jackMillivolts });

  const isFresh = (timeoutMs: number) => heardAt !== null && now() - heardAt < cyclesOf(timeoutMs);

  const tellPower = (isOn: boolean, cause: Cause | null, delay: number, method: number) =>
    report(
      'POWER',
      {
        time: unitsOf(now()),
        on: isOn ? 1 : 0,
        cause: cause === null ? 0 : codeOf(cause),
        delay: unitsOf(delay),
        milliamps: readings().milliamps,
        method,
        pairs: fedPairs(),
      },
      isOn ? 'POWER on' : 'POWER off',
    );
  const tellInrush = (powered: On, endedAt: number) => {
    report('INRUSH', {
      time: unitsOf(endedAt),
      peakMilliamps: powered.peakMilliamps,
      duration: unitsOf(endedAt - powered.atCycle),
      samplePeriodUs: timing.pass * 1000,
      count: powered.trace.length,
    });
    if (isTelling()) outbox.trace(powered.trace);
  };
  const tellSamples = (powered: On, jackMillivolts: number) => {
    if (powered.samples.length === 0) return;
    report('SAMPLES', { time: unitsOf(now()), periodMs: timing.sample, milliamps: powered.samples, jackMillivolts });
    powered.samples = [];
  };

  const off = (cause: Cause, since = now()) => {
    if (on === undefined) return;
    const powered = on;
    const wasInrush = state === 'inrush';
    path.output('GATE', false, now());
    on = undefined;
    offAt = now();
    state = 'discharging';
    dwellCycles = cyclesOf(powered.limits.offDwellMs);
    causeAt = since;
    watchesJack = true;
    kept.powered = false;
    if (cause !== 'COMMANDED') kept.trip = { cause, switchOffCycles: offAt - since, jackSafeCycles: null };
    tellSamples(powered, readings().jackMillivolts);
    tellPower(false, cause, offAt - since, powered.method);
    if (wasInrush) tellInrush(powered, offAt);
    pass();
  };

  const lock = (since: number) => {
    path.output('GATE', false, now());
    path.output('SWITCH2', false, now());
    on = undefined;
    state = 'locked';
    causeAt = since;
    watchesJack = true;
    kept.trip = { cause: 'SWITCH_STUCK', switchOffCycles: now() - since, jackSafeCycles: null };
    kept.locked = true;
    fault('SWITCH_STUCK');
    pass();
  };

  /** Since when a condition has held; null: it does not. */
  const lasting = (holds: boolean, since: number | null) => (holds ? (since ?? now()) : null);
  const hasLasted = (since: number | null, milliseconds: number) =>
    since !== null && now() - since >= cyclesOf(milliseconds);

  /** The first condition of power that does not hold, and since when. */
  const broken = (powered: On): readonly [Cause, number] | undefined => {
    const { limits } = powered;
    const { inputs } = path;
    if (!inputs.SHORT_N) return ['SHORT', now()];
    if (!inputs.ESTOP_OK) return ['ESTOP', now()];
    if (!inputs.DISC_READBACK) return ['RELAY', now()];
    if (!isFresh(limits.heartbeatTimeoutMs)) return ['HEARTBEAT', heardAt ?? powered.atCycle];
    if (hasLasted(powered.linkSince, limits.linkDeadlineMs))
      return ['LINK_DEADLINE', (powered.linkSince ?? 0) + cyclesOf(limits.linkDeadlineMs)];
    if (state === 'inrush' && hasLasted(powered.atCycle, limits.inrushTimerMs)) return ['INRUSH', powered.atCycle];
    return undefined;
  };
  /** The same for what is read from the current. */
  const outside = (powered: On, milliamps: number): readonly [Cause, number] | undefined => {
    const { limits } = powered;
    powered.overSince = lasting(milliamps > limits.overloadMilliamps, powered.overSince);
    if (hasLasted(powered.overSince, limits.overloadMs)) return ['OVERLOAD', powered.overSince ?? 0];
    powered.underSince = lasting(milliamps < limits.underloadMilliamps, powered.underSince);
    return hasLasted(powered.underSince, limits.underloadMs) ? ['UNDERLOAD', powered.underSince ?? 0] : undefined;
  };

  const guardPower = (powered: On) => {
    const cause = broken(powered);
    if (cause !== undefined) return off(...cause);
    path.output('PUMP', !pump, now());
    pump = !pump;
    const { milliamps, jackMillivolts } = readings();
    if (state === 'inrush') {
      powered.peakMilliamps = Math.max(powered.peakMilliamps, milliamps);
      if (powered.trace.length < traceSamples) powered.trace.push(milliamps & ~1);
      const isSettled = milliamps <= powered.limits.overloadMilliamps && jackMillivolts >= inrushDoneMillivolts;
      powered.settlingSince = lasting(isSettled, powered.settlingSince);
      if (hasLasted(powered.settlingSince, timing.settled)) {
        state = 'on';
        tellInrush(powered, powered.settlingSince ?? now());
      }
    } else {
      const reading = outside(powered, milliamps);
      if (reading !== undefined) return off(...reading);
    }
    if (now() < powered.nextSample) return;
    powered.nextSample += cyclesOf(timing.sample);
    powered.samples.push(milliamps);
    if (powered.samples.length === samplesABlock) tellSamples(powered, jackMillivolts);
  };
  let pump = false;

  /** After off: the second switch opens when the jack is safe, or when it should have been. */
  const watchJack = () => {
    if (now() - offAt >= cyclesOf(1) && isJackSafe()) {
      path.output('SWITCH2', false, now());
      watchesJack = false;
      if (state === 'discharging') state = 'off';
      report('JACK_SAFE', { time: unitsOf(now()), delay: unitsOf(now() - causeAt) });
      if (kept.trip !== null && kept.trip.jackSafeCycles === null) kept.trip.jackSafeCycles = now() - causeAt;
    } else if (state === 'discharging' && now() - offAt >= cyclesOf(timing.stuck)) lock(causeAt);
  };

  let passAt = Number.POSITIVE_INFINITY;
  /** Looks now, and again when something may have become of it. */
  const pass = () => {
    path.advanceTo(now());
    if (on !== undefined) guardPower(on);
    else if (watchesJack) watchJack();
    const isClose = state === 'inrush' || watchesJack || on?.overSince != null || on?.underSince != null;
    if (on === undefined && !watchesJack) passAt = Number.POSITIVE_INFINITY;
    else lookAt(now() + cyclesOf(isClose ? timing.pass : timing.sample));
  };
  const lookAt = (cycle: number) => {
    // The time-outs that have a moment of their own.
    const timeOut = on === undefined || heardAt === null ? cycle : heardAt + cyclesOf(on.limits.heartbeatTimeoutMs);
    passAt = Math.min(cycle, Math.max(now() + 1, timeOut));
    const mine = passAt;
    agenda.at(mine, () => {
      if (passAt === mine) pass();
    });
  };

  const tick = (cycle: number) => {
    agenda.at(cycle + cyclesOf(timing.tick), tick);
    tickCounter = (tickCounter + 1) & 0xffff;
    tickSentAt.set(tickCounter, now());
    tickSentAt.delete((tickCounter - ticksKept) & 0xffff);
    if (!isTelling()) return;
    const { milliamps, jackMillivolts } = readings();
    const flags =
      (path.inputs.ESTOP_OK ? tickFlags.estopOk : 0) |
      (path.inputs.DISC_READBACK ? tickFlags.passThrough : 0) |
      (state === 'locked' ? tickFlags.locked : 0) |
      (kept.trip === null ? 0 : tickFlags.tripStored);
    const code = injectorStates.indexOf(state);
    outbox.message('TICK', {
      counter: tickCounter,
      time: unitsOf(now()),
      state: code,
      milliamps,
      jackMillivolts,
      flags,
    });
  };
  agenda.at(now() + cyclesOf(timing.tick), tick);

  if (kept.powered) {
    // The reset itself opened both switches.
    kept.powered = false;
    kept.trip = { cause: 'BOARD_RESET', switchOffCycles: 0, jackSafeCycles: null };
    causeAt = now();
    dwellCycles = cyclesOf(timing.dwellAfterReset);
    watchesJack = true;
    state = 'discharging';
  }
  if (kept.locked) state = 'locked';
  if (watchesJack) lookAt(now() + cyclesOf(timing.pass));

  return {
    get state() {
      return state;
    },
    get isDwelling() {
      return now() - offAt < dwellCycles;
    },
    get isEstopOk() {
      return isEstopOk();
    },
    get isJackSafe() {
      return isJackSafe();
    },
    readings,
    setDiscovering: (discovering) => {
      state = discovering ? 'discovering' : 'off';
    },
    heartbeat: (counter) => {
      const sentAt = tickSentAt.get(counter);
      if (sentAt === undefined) return;
      if (heardCounter !== null && ((counter - heardCounter) & 0xffff) - 1 >= 0x7fff) return;
      heardCounter = counter;
      // It proves that its host lived when that TICK left, and nothing later.
      heardAt = sentAt;
    },
    isHeartbeatFresh: isFresh,
    link: (up) => {
      if (on === undefined) return;
      if (up) on.linkSince = null;
      else on.linkSince ??= now();
    },
    obstacle: (timeoutMs) => {
      const jackIsSafe = isJackSafe();
      if (!path.inputs.ESTOP_OK) return 'ESTOP';
      if (!path.inputs.SHORT_N) return 'SHORT';
      if (!path.inputs.DISC_READBACK) return 'RELAY';
      if (!jackIsSafe) return 'FOREIGN_VOLTAGE';
      return isFresh(timeoutMs) ? undefined : 'HEARTBEAT';
    },
    powerOn: (limits, method, discoveredAt) => {
      kept.powered = true;
      on = {
        ...{ limits, method, atCycle: now(), linkSince: now(), overSince: null, underSince: null, settlingSince: null },
        ...{ peakMilliamps: 0, trace: [], samples: [], nextSample: now() + cyclesOf(timing.sample) },
      };
      state = 'inrush';
      pump = !pump;
      path.output('GATE', true, now());
      path.output('PUMP', pump, now());
      tellPower(true, null, now() - discoveredAt, method);
      lookAt(now() + cyclesOf(timing.pass));
    },
    off,
    fault,
    lock,
    unlock: () => {
      if (!isJackSafe()) return false;
      if (state === 'locked') state = 'off';
      kept.locked = false;
      return true;
    },
    takeTrip: () => {
      const { trip } = kept;
      report('TRIP', {
        valid: trip === null ? 0 : 1,
        cause: trip === null ? 0 : codeOf(trip.cause),
        switchOff: trip === null ? 0 : unitsOf(trip.switchOffCycles),
        jackSafe: trip === null ? 0 : trip.jackSafeCycles === null ? jackSafeNotSeen : unitsOf(trip.jackSafeCycles),
      });
      kept.trip = null;
    },
    inputChanged: () => {
      if (on !== undefined) lookAt(now() + cyclesOf(timing.pass));
    },
  };
};
