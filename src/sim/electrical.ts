/**
 * The injector board's power path as currents and volts: supply, hot-swap FET, safety relay, comparator, jack. Stepped
 * in simulated CPU cycles; nothing here knows the firmware, only the levels on its pins.
 */
import type { PluggedDevice } from './contracts.js';
import { createDetection } from './detection.js';
import { emptyJack } from './jack-devices.js';
import { cyclesPerSecond } from './machine.js';
import { adcReferenceVolts } from './pinmap.js';

const cyclesPerMs = cyclesPerSecond / 1000;
const cyclesPerUs = cyclesPerSecond / 1_000_000;

/** The board's parts, as drawn in schematics/. */
export const boardParts = {
  supplyVolts: 48,
  limitMilliamps: 425,
  /** Monostable behind PUMP: the FET is enabled for so long after the last edge (slowest corner by SPICE; 30 ms at most). */
  pumpHoldCycles: 22.5 * cyclesPerMs,
  switch2ClosesCycles: 5 * cyclesPerMs,
  switch2OpensCycles: 3 * cyclesPerMs,
  signalRelayCycles: 4 * cyclesPerMs,
  /** READBACK while AF_CONNECT is low: what each part adds. */
  restContactVolts: 1.25,
  gateUpVolts: 0.6,
  /** A PD is a diode bridge at least; a jack below this at the current limit is a short. */
  shortBelowVolts: 1.2,
  jackFarads: 100e-9,
  bleederOhms: 47_000,
  /** IEEE 802.3 33.2.9: below this the port counts as unpowered. */
  safeVolts: 2.8,
  /** ADC scales of hardware/pinmap.json. */
  adcFullScale: 1023,
  currentFullScaleMilliamps: 500,
  jackFullScaleVolts: 64,
} as const;

const stepCycles = 100 * cyclesPerUs;
/** After the switches close: the comparator opens the latch within 10 us of a short. */
const fineStepCycles = 10 * cyclesPerUs;
const never = Number.POSITIVE_INFINITY;
/** What may change in a step of a power path that stands still. */
const calm = { volts: 0.05, milliamps: 0.5 } as const;

/** Pins of the chip, then outputs of its shift registers. */
export type PowerOutput =
  | 'GATE'
  | 'PUMP'
  | 'SWITCH2'
  | 'DISC_RELAY'
  | 'LATCH_CLEAR'
  | 'AF_CONNECT'
  | 'AF_HIGH'
  | 'AF_CLASS'
  | 'POL_REVERSE';
export type PowerInput = 'SHORT_N' | 'DISC_READBACK' | 'ESTOP_OK';

/**
 * One change of electrical truth; `on` is: high, alive, contact closed, above 2.8 V, relay at the FLP front end, af relay
 * at the low-voltage sources, polarity reversed (4,5+ 7,8-), e-stop closed, Pi's side supplied.
 */
export interface ElectricalChange {
  readonly event:
    | 'gate'
    | 'pump-alive'
    | 'switch2'
    | 'conducting'
    | 'jack'
    | 'relay'
    | 'af-relay'
    | 'polarity'
    | 'short-latch'
    | 'estop'
    | 'barrier';
  readonly on: boolean;
  readonly cycle: number;
}

export interface ElectricalListeners {
  onInput(name: PowerInput, high: boolean, cycle: number): void;
  onChange(change: ElectricalChange): void;
}

export interface PowerPath {
  /** A pin of the board changed at `cycle`. */
  output(name: PowerOutput, high: boolean, cycle: number): void;
  /** Brings currents, volts and relays up to `cycle`. */
  advanceTo(cycle: number): void;
  /** The latest cycle by which `advanceTo` should be called again. */
  readonly nextDueCycle: number;
  setEstop(closed: boolean): void;
  /** The Pi side's supply: without it +12V_SAFE and VGATE are gone and every isolator's output is low. */
  setBarrier(supplied: boolean): void;
  /** Levels of the inputs, to wire the pins up at the start. */
  readonly inputs: Readonly<Record<PowerInput, boolean>>;
  /** ADC counts 0..1023. */
  currentCounts(): number;
  jackCounts(): number;
  readbackCounts(): number;
  afSenseCounts(): number;
  readonly state: {
    readonly gate: boolean;
    readonly pumpAlive: boolean;
    readonly switch2: boolean;
    readonly conducting: boolean;
    readonly relayAtFrontEnd: boolean;
    readonly afRelay: boolean;
    readonly polarityReversed: boolean;
    readonly jackVolts: number;
    readonly milliamps: number;
  };
}

/** A contact that follows its coil late. */
const createContact = (closesCycles: number, opensCycles: number) => {
  let coil = false;
  let closed = false;
  let dueCycle = never;
  return {
    drive: (on: boolean, cycle: number) => {
      if (on === coil) return;
      coil = on;
      dueCycle = coil === closed ? never : cycle + (on ? closesCycles : opensCycles);
    },
    settle: (cycle: number) => {
      if (cycle < dueCycle) return;
      closed = coil;
      dueCycle = never;
    },
    get closed() {
      return closed;
    },
    get dueCycle() {
      return dueCycle;
    },
  };
};

/** One count either way, the same in every run. */
const createNoise = () => {
  let state = 1;
  return (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 24) % 3) - 1;
  };
};

const toCounts = (value: number, fullScale: number, noise: number): number =>
  Math.max(0, Math.min(boardParts.adcFullScale, Math.round((value / fullScale) * boardParts.adcFullScale) + noise));

/**
 * `fetWelds`: the FET stays closed for good once it has conducted. `calmStepCycles`: the longest step while volts and current
 * stand still; left out, none is longer than 100 us.
 */
export const createPowerPath = (
  device: PluggedDevice,
  listeners: ElectricalListeners,
  options: { readonly fetWelds: boolean; readonly calmStepCycles?: number } = { fetWelds: false },
): PowerPath => {
  const parts = boardParts;
  const noise = createNoise();
  const switch2 = createContact(parts.switch2ClosesCycles, parts.switch2OpensCycles);
  const relay = createContact(parts.signalRelayCycles, parts.signalRelayCycles);
  const afRelay = createContact(parts.signalRelayCycles, parts.signalRelayCycles);
  const polarity = createContact(parts.signalRelayCycles, parts.signalRelayCycles);
  const contacts = [switch2, relay, afRelay, polarity];
  const detection = createDetection();
  const levels: Record<PowerOutput, boolean> = {
    GATE: false,
    PUMP: false,
    SWITCH2: false,
    DISC_RELAY: false,
    LATCH_CLEAR: false,
    AF_CONNECT: false,
    AF_HIGH: false,
    AF_CLASS: false,
    POL_REVERSE: false,
  };
  let now = 0;
  let pumpUntil = 0;
  let estopClosed = true;
  let piSupplied = true;
  let shortLatched = false;
  let welded = false;
  let fineUntil = 0;
  let capacitorVolts = 0;
  let jackVolts = 0;
  let milliamps = 0;
  let isCalm = false;

  const told = new Map<string, boolean>([
    ['estop', true],
    ['barrier', true],
  ]);
  const tell = (event: ElectricalChange['event'], on: boolean) => {
    if ((told.get(event) ?? false) === on) return;
    told.set(event, on);
    listeners.onChange({ event, on, cycle: now });
  };
  const inputs: Record<PowerInput, boolean> = { SHORT_N: true, DISC_READBACK: true, ESTOP_OK: true };
  const drive = (name: PowerInput, high: boolean) => {
    if (inputs[name] === high) return;
    inputs[name] = high;
    listeners.onInput(name, high, now);
  };

  const pumpAlive = () => now < pumpUntil;
  /** The 5 V of the Pi's side through the e-stop contact: it makes VGATE and the second switch's coil supply. */
  const safeSupply = () => estopClosed && piSupplied;
  const gateUp = () => levels.GATE && safeSupply() && pumpAlive() && !shortLatched;
  const fetCloses = () => welded || gateUp();
  const conducting = () => fetCloses() && switch2.closed;

  /** Everything that follows from levels and time, after either has changed. */
  const settle = () => {
    switch2.drive(levels.SWITCH2 && safeSupply(), now);
    relay.drive(levels.DISC_RELAY, now);
    afRelay.drive(levels.AF_CONNECT && safeSupply(), now);
    polarity.drive(levels.POL_REVERSE, now);
    for (const contact of contacts) contact.settle(now);
    detection.setHigh(levels.AF_HIGH);
    detection.setClass(levels.AF_CLASS);
    detection.setSupply(safeSupply());
    if (levels.LATCH_CLEAR && !levels.GATE) shortLatched = false;
    const flows = conducting();
    if (flows && !told.get('conducting')) fineUntil = now + stepCycles;
    if (flows && options.fetWelds) welded = true;
    tell('gate', levels.GATE);
    tell('pump-alive', pumpAlive());
    tell('switch2', switch2.closed);
    tell('relay', relay.closed);
    tell('af-relay', afRelay.closed);
    tell('polarity', polarity.closed);
    tell('short-latch', shortLatched);
    tell('estop', estopClosed);
    tell('barrier', piSupplied);
    tell('conducting', flows);
    drive('SHORT_N', !shortLatched);
    drive('DISC_READBACK', !relay.closed);
    drive('ESTOP_OK', safeSupply());
  };

  const flow = (seconds: number) => {
    // Energised, the af relay takes the jack off the power path, which then sees an open circuit.
    const onPath = afRelay.closed ? emptyJack : device;
    detection.step(device, afRelay.closed, seconds);
    if (!conducting()) {
      capacitorVolts *= Math.exp(-seconds / (parts.bleederOhms * parts.jackFarads));
      milliamps = 0;
      jackVolts = Math.max(capacitorVolts, onPath.step(0, 0, seconds).jackVolts);
      return;
    }
    const drawn = onPath.step(parts.supplyVolts, parts.limitMilliamps, seconds);
    jackVolts = drawn.jackVolts;
    capacitorVolts = jackVolts;
    milliamps = Math.min(parts.limitMilliamps, drawn.milliamps + (jackVolts / parts.bleederOhms) * 1000);
    if (drawn.milliamps >= parts.limitMilliamps && jackVolts < parts.shortBelowVolts) shortLatched = true;
  };

  const longestStep = () => (isCalm ? (options.calmStepCycles ?? stepCycles) : stepCycles);
  const nextDueCycle = () =>
    Math.min(
      now + (now < fineUntil ? fineStepCycles : longestStep()),
      pumpAlive() ? pumpUntil : never,
      ...contacts.map(({ dueCycle }) => dueCycle),
    );

  const advanceTo = (cycle: number) => {
    while (now < cycle) {
      const next = Math.min(cycle, nextDueCycle());
      const before = { jackVolts, milliamps };
      flow((next - now) / cyclesPerSecond);
      now = next;
      isCalm =
        Math.abs(jackVolts - before.jackVolts) < calm.volts && Math.abs(milliamps - before.milliamps) < calm.milliamps;
      tell('jack', jackVolts >= parts.safeVolts);
      settle();
    }
  };

  return {
    output: (name, high, cycle) => {
      advanceTo(cycle);
      if (levels[name] === high) return;
      levels[name] = high;
      isCalm = false;
      if (name === 'PUMP') pumpUntil = now + parts.pumpHoldCycles;
      settle();
    },
    advanceTo,
    get nextDueCycle() {
      return nextDueCycle();
    },
    setEstop: (closed) => {
      estopClosed = closed;
      settle();
    },
    setBarrier: (supplied) => {
      piSupplied = supplied;
      settle();
    },
    inputs,
    currentCounts: () => toCounts(milliamps, parts.currentFullScaleMilliamps, noise()),
    readbackCounts: () => {
      const ofSwitches = (switch2.closed ? 0 : parts.restContactVolts) + (gateUp() ? parts.gateUpVolts : 0);
      return toCounts(levels.AF_CONNECT ? detection.jackEndVolts : ofSwitches, adcReferenceVolts, noise());
    },
    afSenseCounts: () => toCounts(detection.afSenseVolts, adcReferenceVolts, noise()),
    jackCounts: () => toCounts(jackVolts, parts.jackFullScaleVolts, noise()),
    state: {
      get gate() {
        return levels.GATE;
      },
      get pumpAlive() {
        return pumpAlive();
      },
      get switch2() {
        return switch2.closed;
      },
      get conducting() {
        return conducting();
      },
      get relayAtFrontEnd() {
        return relay.closed;
      },
      get afRelay() {
        return afRelay.closed;
      },
      get polarityReversed() {
        return polarity.closed;
      },
      get jackVolts() {
        return jackVolts;
      },
      get milliamps() {
        return milliamps;
      },
    },
  };
};
