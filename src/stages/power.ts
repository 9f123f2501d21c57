import type { FigureOf, MeasurementName } from '../plan/plan.js';
import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { feedOf } from '../timeline/feed.js';
import { milliamps, milliseconds, milliwatts, nanoseconds, ohms, powerOf } from '../units.js';
import { conclude, defineJudge, measured, msSince, note, skip, usFromMs, witness } from './define-judge.js';
import { type Finding, wentWrong } from './finding.js';
import { measurementOf } from './measure.js';
import { calibrationFinding } from './power-calibration.js';
import { aboveClass, kiloohms, notFound } from './power-discovery.js';
import {
  boardFaultFindings,
  boardLost,
  fedOtherwise,
  feedAskedFor,
  offFindings,
  otherRefusal,
  refusalFindings,
} from './power-findings.js';
import type { PowerNotes, PowerState } from './power-notes.js';

/** Steady power is the median over so long before the switching off. */
const steadyWindowUs = 2_000_000;

/** What was still missing when the deadline passed. */
const overdue = ({ notes, plan }: PowerState): Finding => {
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

const withSamples = (
  state: PowerState,
  atUs: number,
  currents: readonly number[],
  jackMillivolts: number,
): PowerState => {
  if (currents.length === 0) return state;
  const sample = { atUs, milliwatts: currents.map((current) => powerOf(milliamps(current), jackMillivolts)) };
  const recent = [...state.notes.recent.filter((block) => block.atUs > atUs - steadyWindowUs), sample];
  const { inrushEndUs, drewNormally } = state.notes;
  const draws = inrushEndUs !== null && median(currents) >= state.plan.power.underloadMilliamps;
  return note(state, { recent, drewNormally: drewNormally || draws });
};

const steady = (state: PowerState, event: TimelineEvent): PowerState => {
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

const next = (state: PowerState, event: TimelineEvent): PowerState => {
  const { fact, seq, atUs } = event;
  const { plan, notes } = state;
  const measure = <Name extends MeasurementName>(to: PowerState, name: Name, value: FigureOf<Name>): PowerState =>
    measured(to, measurementOf(plan, name, value, seq), event);

  if (!notes.hasBench) {
    if ('from' in fact) return fact.from === 'phone' ? skip(state, noBench, atUs) : state;
    return next(note(state, { hasBench: true }), event);
  }

  switch (fact.kind) {
    case 'board-identified':
      return note(state, { isByLines: fact.firmware === null });
    case 'calibration': {
      const finding = calibrationFinding(fact);
      return finding === undefined ? state : conclude(state, finding, event);
    }
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
      const counted = fact.bursts === null ? seen : measure(seen, 'power.discoveryBursts', fact.bursts);
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
      // By the lines it comes when the inrush is over.
      if (fact.discoveryAgeMs === null) return note(judged, { inrushEndUs: notes.inrushEndUs ?? atUs });
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
      const finding = offFindings[fact.cause]?.(fact.milliamps ?? 0, state) ?? null;
      // The board's own reason goes before a slow switch: it is what the person must hear first.
      const judged = finding === null ? state : conclude(state, finding, event);
      const off = note(witness(judged, event), { isOn: false });
      return fact.switchOffMs === null ? off : measure(off, 'power.switchOffMs', milliseconds(fact.switchOffMs));
    }
    case 'jack-safe': {
      const safe = note(witness(state, event), { isJackSafe: true });
      return fact.jackSafeMs === null ? safe : measure(safe, 'power.jackSafeMs', milliseconds(fact.jackSafeMs));
    }
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

/** Current and echo: what the discrete lines show nothing of. */
const onlyBySerial: readonly MeasurementName[] = [
  'power.discoveryBursts',
  'power.echoRoundTripNs',
  'power.discoveryAgeMs',
  'power.inrushPeakMilliamps',
  'power.inrushMs',
  'power.steadyMilliwatts',
  'power.jackSafeMs',
];

const pinsOf = (fed: FactOf<'power-on'> | null): string =>
  fed === null ? '' : ` over ${feedOf(fed.pairs, fed.polarity)?.pins ?? fed.pairs}`;

export const powerJudge = defineJudge<PowerNotes>({
  stage: 'power',
  start: () => ({
    hasBench: false,
    isByLines: false,
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
  notMeasured: ({ notes }) =>
    notes.isByLines && notes.requestedAtUs !== null ? onlyBySerial.map((name) => ({ name, reason: 'no serial' })) : [],
  summary: ({ notes, beganAtUs, measurements }) => {
    const { fed, probe, isByLines } = notes;
    const steadyPower = measurements.find(({ name }) => name === 'power.steadyMilliwatts');
    const bursts = measurements.find(({ name }) => name === 'power.discoveryBursts');
    const ready = msSince(beganAtUs ?? 0, notes.inrushEndUs ?? 0);
    const drawing = steadyPower === undefined ? '' : `, then drew ${(steadyPower.value / 1000).toFixed(2)} W`;
    const found =
      fed?.method === '802.3af'
        ? `802.3af signature (${kiloohms(probe?.ohms ?? 0)}, class ${probe?.powerClass ?? 'unknown'})`
        : `echo in ${bursts?.value ?? 'some'} bursts`;
    if (isByLines) return `Found and powered${pinsOf(fed)} by the board’s discrete lines after ${ready} ms.`;
    return `Found by its ${found} and powered${pinsOf(fed)} after ${ready} ms${drawing}.`;
  },
});
