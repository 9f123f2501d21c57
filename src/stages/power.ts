import type { FigureOf, MeasurementName } from '../plan/plan.js';
import type { BoardFaultCode, FactOf, PowerOffCause, TimelineEvent } from '../timeline/events.js';
import { type DetectionMethod, type Feed, feedOf, feeds } from '../timeline/feed.js';
import { milliamps, milliseconds, milliwatts, nanoseconds, ohms, powerOf } from '../units.js';
import {
  conclude,
  defineJudge,
  measured,
  msSince,
  note,
  type StageState,
  skip,
  usFromMs,
  witness,
} from './define-judge.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';
import { measurementOf } from './measure.js';
import { aboveClass, kiloohms, notFound } from './power-discovery.js';

/** Steady power is the median over so long before the switching off. */
const steadyWindowUs = 2_000_000;

interface PowerSample {
  readonly atUs: number;
  readonly milliwatts: readonly number[];
}

interface PowerNotes {
  /** False while nothing came from a bench at all: a capture on its own. */
  readonly hasBench: boolean;
  readonly requestedAtUs: number | null;
  readonly hasDiscovered: boolean;
  readonly isOn: boolean;
  readonly isJackSafe: boolean;
  readonly inrushEndUs: number | null;
  readonly roundTripNs: number | null;
  readonly probe: FactOf<'probe'> | null;
  readonly fed: FactOf<'power-on'> | null;
  readonly sawLink: boolean;
  readonly drewNormally: boolean;
  readonly recent: readonly PowerSample[];
}

type State = StageState<PowerNotes>;

// ---- causes and next actions ---------------------------------------------------------------------------

const foreignVoltage = wentWrong(
  'power',
  'There is voltage on the jack that is not ours; the board refused to power it.',
  'Find the other source (a PoE switch, an injector, a miswired cable) and take it off before the next run.',
);
const switchStuck = wentWrong(
  'bench',
  'The jack kept its voltage after the switches were told to open: a switch is stuck closed; the port is locked.',
  'Unplug the phone, take the board’s supply away and change the hot-swap FET; clear the lock afterwards.',
);
const emergencyStop = wentWrong(
  'operator',
  'The emergency stop is open.',
  'Close the emergency stop when the bench is safe, then run again.',
);
const brokenRelay = wentWrong(
  'bench',
  'The board’s relay does not read back the position it was told.',
  'Run the board’s self-test; change the pass-through relay.',
);

const noHeartbeat = wentWrong(
  'bench',
  'The board heard no heartbeat and refused to power.',
  'The host is too busy or the serial line loses bytes: see the board’s log.',
);
const latchedShort = wentWrong(
  'bench',
  'The board’s short-circuit latch is set although no power flows.',
  'Run the board’s self-test; change the comparator or its latch.',
);

const lineTooFast = wentWrong(
  'bench',
  'Edges on the board’s HEARTBEAT line came faster than a heartbeat may.',
  'Find what else drives that line; the host sends one edge every 100 ms.',
);
const linesFoundNothing = wentWrong(
  'operator',
  'The discrete lines asked for power, and the board found no unpowered phone.',
  'Plug in the phone, take PWR_REQ low and high again.',
);
const requestHeld = wentWrong(
  'bench',
  'PWR_REQ was high when the board started, or has not been low since its last fault.',
  'Take PWR_REQ low; find what drives it while nothing runs.',
);

const refusalFindings: Readonly<Record<string, Finding>> = {
  PAIRS: wentWrong(
    'config',
    'The board cannot feed the pairs that the plan asks for: revision A feeds spare pairs only.',
    'Set power.pairs in the plan to spare, or use a board that feeds data pairs.',
  ),
  BAD_PARAMETER: wentWrong(
    'config',
    'The board refused a figure of the plan: it lies outside the bounds that the board keeps to.',
    'Compare the plan’s power section with the bounds in docs/board-protocol.md.',
  ),
  LINES: wentWrong(
    'bench',
    'The discrete lines hold the board: PWR_REQ is high.',
    'Take PWR_REQ low; find what drives it while a host is on serial.',
  ),
  FOREIGN_VOLTAGE: foreignVoltage,
  ESTOP: emergencyStop,
  LOCKED: wentWrong(
    'bench',
    'The board is locked since a switch was found stuck.',
    'Check the switches, then clear the lock by hand.',
  ),
  OFF_DWELL: wentWrong('bench', 'The board still waits for the phone’s capacitors to empty.', 'Run again in a while.'),
  NO_HEARTBEAT: noHeartbeat,
  NOT_CALIBRATED: wentWrong(
    'bench',
    'The board’s calibration is missing or damaged: its readings cannot be trusted, so it powers nothing.',
    'Calibrate the board anew (hardware/), which writes its EEPROM; if it comes back, change the board.',
  ),
};

const otherRefusal = (code: string): Finding =>
  wentWrong(
    'bench',
    `The board refused to power the jack (${code}).`,
    'See the refusal code in docs/board-protocol.md.',
  );

const neverDrew = wentWrong(
  'operator',
  'The jack echoes link pulses but draws no current: a loopback plug, or a phone with an open power pair.',
  'Take the loopback plug out; if a phone is plugged in, check pins 4/5 and 7/8 of the cable and try another cable.',
);
const neverTurnedOn = phoneFails(
  'The phone shows a valid 802.3af signature over these pairs but draws no current when powered: its input stays off.',
  'Repeat once with another cable; if it stays, put the phone aside for repair of its power input.',
);
const unplugged = wentWrong(
  'operator',
  'The phone was unplugged while powered: its current stopped.',
  'Plug the phone in again, wait ten seconds and repeat the run.',
);

/** Why the board opened its switches. null: not for this stage to judge. */
const offFindings: Readonly<Record<PowerOffCause, ((milliamps: number, state: State) => Finding) | null>> = {
  COMMANDED: null,
  LINK_DEADLINE: null,
  SHORT: (milliamps) =>
    phoneFails(
      milliamps > 0
        ? `The jack is shorted: ${Math.round(milliamps)} mA when the board opened its switches.`
        : 'The jack is shorted: the board’s comparator opened the switches at once.',
      'Try another cable; if the short stays, the phone’s power input is broken.',
    ),
  OVERLOAD: (milliamps, { plan }) =>
    phoneFails(
      `The phone drew ${Math.round(milliamps)} mA, more than the ${plan.power.overloadMilliamps} mA allowed for ` +
        `${plan.power.overloadMs} ms.`,
      'Unplug headset, handset and side modules and repeat; if it stays, put the phone aside for repair.',
    ),
  INRUSH: (_, { plan }) =>
    phoneFails(
      `The inrush was not over within ${plan.power.inrushTimerMs} ms: a short, or input capacitors that do not charge.`,
      'Try another cable; if it stays, the phone’s power input is broken.',
    ),
  UNDERLOAD: (_, { notes }) => {
    if (notes.sawLink || notes.drewNormally) return unplugged;
    return notes.fed?.method === '802.3af' ? neverTurnedOn : neverDrew;
  },
  ESTOP: () => emergencyStop,
  HEARTBEAT: () =>
    wentWrong(
      'bench',
      'The board heard no heartbeat and took power away.',
      'The host was held up or killed: see its log and load, then run again.',
    ),
  SYSTEM_RESET: () =>
    wentWrong(
      'bench',
      'The board was reset over the serial line and took power away.',
      'Find what else holds the port.',
    ),
  BOARD_RESET: () =>
    wentWrong('bench', 'The board restarted while powered.', 'Check the board’s own supply and its watchdog cause.'),
  RELAY: () => brokenRelay,
  FOREIGN_VOLTAGE: () => foreignVoltage,
  SWITCH_STUCK: () => switchStuck,
  LINE_TOO_FAST: () => lineTooFast,
  NOT_FOUND: () => linesFoundNothing,
  PWR_REQ_HELD: () => requestHeld,
};

const boardFaultFindings = {
  FOREIGN_VOLTAGE: foreignVoltage,
  SWITCH_STUCK: switchStuck,
  ESTOP: emergencyStop,
  RELAY: brokenRelay,
  HEARTBEAT: noHeartbeat,
  SHORT: latchedShort,
  LINE_TOO_FAST: lineTooFast,
  NOT_FOUND: linesFoundNothing,
  PWR_REQ_HELD: requestHeld,
} as const satisfies Record<BoardFaultCode, Finding>;

const boardLost = (code: string): Finding =>
  wentWrong(
    'bench',
    `The board went away (${code}); it takes power off by itself.`,
    'Check the USB cable, the board’s supply and the 5 V of its Pi side.',
  );

/** What the plan asks to be fed when a phone was found by this method. */
const feedAskedFor = ({ power }: State['plan'], method: DetectionMethod): Feed =>
  power.feed ?? (method === 'prestandard' ? feeds[0] : feeds[1]);

const fedOtherwise = (fed: FactOf<'power-on'>): Finding =>
  wentWrong(
    'bench',
    `The board fed ${fed.pairs} pairs in ${fed.polarity} polarity, which the plan did not ask for.`,
    'Take the board out of service: its firmware or its polarity relay is wrong.',
  );

/** What was still missing when the deadline passed. */
const overdue = ({ notes, plan }: State): Finding => {
  const waited = `within ${plan.deadlines.powerMs} ms`;
  const missing = notes.isOn
    ? 'did not tell the end of the inrush'
    : notes.hasDiscovered
      ? 'did not switch power on after the discovery'
      : 'did not finish a discovery';
  return wentWrong('bench', `The board ${missing} ${waited}.`, 'Run the board’s self-test and see its log.');
};

// ---- current -------------------------------------------------------------------------------------------

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};

const withSamples = (state: State, atUs: number, currents: readonly number[], jackMillivolts: number): State => {
  if (currents.length === 0) return state;
  const sample = { atUs, milliwatts: currents.map((current) => powerOf(milliamps(current), jackMillivolts)) };
  const recent = [...state.notes.recent.filter((block) => block.atUs > atUs - steadyWindowUs), sample];
  const { inrushEndUs, drewNormally } = state.notes;
  const draws = inrushEndUs !== null && median(currents) >= state.plan.power.underloadMilliamps;
  return note(state, { recent, drewNormally: drewNormally || draws });
};

const steady = (state: State, event: TimelineEvent): State => {
  const { recent } = state.notes;
  if (recent.length === 0 || state.reachedAtUs === null || state.conclusion !== null) return state;
  const steadyPower = milliwatts(Math.round(median(recent.flatMap((block) => block.milliwatts))));
  const { fed, probe } = state.notes;
  const powerClass = fed?.method === '802.3af' ? (probe?.powerClass ?? null) : null;
  const excess = powerClass === null ? undefined : aboveClass(powerClass, steadyPower);
  const judged = excess === undefined ? state : conclude(state, excess, event);
  return measured(judged, measurementOf(state.plan, 'power.steadyMilliwatts', steadyPower, event.seq), event);
};

// ---- the judge -----------------------------------------------------------------------------------------

const noBench = 'No board took part: the phone was powered by something else.';

const next = (state: State, event: TimelineEvent): State => {
  const { fact, seq, atUs } = event;
  const { plan, notes } = state;
  const measure = <Name extends MeasurementName>(to: State, name: Name, value: FigureOf<Name>): State =>
    measured(to, measurementOf(plan, name, value, seq), event);

  if (!notes.hasBench) {
    if ('from' in fact) return fact.from === 'phone' ? skip(state, noBench, atUs) : state;
    return next(note(state, { hasBench: true }), event);
  }

  switch (fact.kind) {
    case 'power-requested':
      return { ...witness(note(state, { requestedAtUs: atUs }), event), beganAtUs: atUs };
    case 'flp-burst': {
      const roundTripNs = fact.roundTripNanoseconds ?? notes.roundTripNs;
      return note(state, { roundTripNs });
    }
    case 'probe':
      return witness(note(state, { probe: fact }), event);
    case 'discovery': {
      const seen = witness(note(state, { hasDiscovered: true }), event);
      const { probe } = notes;
      const finding = notFound(fact.outcome, probe, plan);
      const judged = finding === undefined ? seen : conclude(seen, finding, event);
      const signed = probe?.ohms == null ? judged : measure(judged, 'power.signatureOhms', ohms(probe.ohms));
      const classed = probe?.powerClass == null ? signed : measure(signed, 'power.signatureClass', probe.powerClass);
      if (fact.outcome !== 'loopback') return classed;
      const counted = measure(seen, 'power.discoveryBursts', fact.bursts);
      return notes.roundTripNs === null
        ? counted
        : measure(counted, 'power.echoRoundTripNs', nanoseconds(notes.roundTripNs));
    }
    case 'power-refused':
      return conclude(state, refusalFindings[fact.code] ?? otherRefusal(fact.code), event);
    case 'power-on': {
      const requestedAtUs = notes.requestedAtUs ?? atUs;
      const on = witness(note(state, { isOn: true, isJackSafe: false, recent: [], fed: fact, requestedAtUs }), event);
      const isAsked = feedOf(fact.pairs, fact.polarity) === feedAskedFor(plan, fact.method);
      const judged = isAsked ? on : conclude(on, fedOtherwise(fact), event);
      return measure(judged, 'power.discoveryAgeMs', milliseconds(fact.discoveryAgeMs));
    }
    case 'inrush': {
      const over = witness(note(state, { inrushEndUs: notes.inrushEndUs ?? atUs }), event);
      const peaked = measure(over, 'power.inrushPeakMilliamps', milliamps(fact.peakMilliamps));
      return measure(peaked, 'power.inrushMs', milliseconds(fact.durationMs));
    }
    case 'current':
      return withSamples(state, atUs, fact.milliamps, fact.jackMillivolts);
    case 'link-up':
      return notes.isOn ? note(state, { sawLink: true }) : state;
    case 'own-frame-returned':
      return note(state, { sawLink: false });
    case 'power-off': {
      const finding = offFindings[fact.cause]?.(fact.milliamps, state) ?? null;
      // The board's own reason goes before a slow switch: it is what the person must hear first.
      const judged = finding === null ? state : conclude(state, finding, event);
      return note(measure(witness(judged, event), 'power.switchOffMs', milliseconds(fact.switchOffMs)), {
        isOn: false,
      });
    }
    case 'jack-safe':
      return note(measure(witness(state, event), 'power.jackSafeMs', milliseconds(fact.jackSafeMs)), {
        isJackSafe: true,
      });
    case 'board-fault':
      return conclude(state, boardFaultFindings[fact.code], event);
    case 'board-lost':
      return notes.inrushEndUs !== null && !notes.isOn && notes.isJackSafe
        ? state
        : conclude(state, boardLost(fact.code), event);
    case 'stored-trip': {
      // Only in the record of a run that was cut while powered; otherwise it tells of a run before this one.
      const finding = notes.isOn ? (offFindings[fact.cause]?.(0, state) ?? null) : null;
      if (finding === null) return state;
      const tripped = measure(conclude(state, finding, event), 'power.switchOffMs', milliseconds(fact.switchOffMs));
      const safe =
        fact.jackSafeMs === null ? tripped : measure(tripped, 'power.jackSafeMs', milliseconds(fact.jackSafeMs));
      return note(safe, { isOn: false, isJackSafe: fact.jackSafeMs !== null });
    }
    default:
      return state;
  }
};

export const powerJudge = defineJudge<PowerNotes>({
  stage: 'power',
  start: () => ({
    hasBench: false,
    requestedAtUs: null,
    hasDiscovered: false,
    isOn: false,
    isJackSafe: false,
    inrushEndUs: null,
    roundTripNs: null,
    probe: null,
    fed: null,
    sawLink: false,
    drewNormally: false,
    recent: [],
  }),
  next,
  goal: ({ notes }) => (notes.inrushEndUs === null ? null : { atUs: notes.inrushEndUs, measurements: [] }),
  deadlineUs: ({ notes, plan, reachedAtUs }) =>
    notes.requestedAtUs === null || reachedAtUs !== null
      ? null
      : notes.requestedAtUs + usFromMs(plan.deadlines.powerMs),
  overdue,
  finish: (state, event) => (state.conclusion === null ? steady(state, event) : state),
  summary: ({ notes, beganAtUs, measurements }) => {
    const { fed, probe } = notes;
    const steadyPower = measurements.find(({ name }) => name === 'power.steadyMilliwatts');
    const bursts = measurements.find(({ name }) => name === 'power.discoveryBursts');
    const ready = msSince(beganAtUs ?? 0, notes.inrushEndUs ?? 0);
    const drawing = steadyPower === undefined ? '' : `, then drew ${(steadyPower.value / 1000).toFixed(2)} W`;
    const found =
      fed?.method === '802.3af'
        ? `802.3af signature (${kiloohms(probe?.ohms ?? 0)}, class ${probe?.powerClass ?? 'unknown'})`
        : `echo in ${bursts?.value ?? 'some'} bursts`;
    const pins = fed === null ? '' : ` over ${feedOf(fed.pairs, fed.polarity)?.pins ?? fed.pairs}`;
    return `Found by its ${found} and powered${pins} after ${ready} ms${drawing}.`;
  },
});
