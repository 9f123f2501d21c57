import { boardCyclesPerMs, type FactOf, type TimelineEvent } from '../timeline/events.js';
import { type Milliwatts, milliamps, milliwatts, powerOf } from '../units.js';
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
import { phoneFileKind } from './phone-files.js';
import { orderIn } from './registration-moves.js';

interface Moment {
  readonly atUs: number;
  readonly seq: number;
}

interface BootNotes {
  /** False while nothing came from a bench at all: a capture on its own. */
  readonly hasBench: boolean;
  readonly poweredAtUs: number | null;
  readonly firstLink: Moment | null;
  readonly isLinked: boolean;
  readonly lostAtUs: number | null;
  readonly drops: number;
  /** The latest loss of link was counted in `drops`. */
  readonly lossCounts: boolean;
  /** From here on the current is the phone's own and no longer the charging of its capacitors; board cycles. */
  readonly poweredAtCycles: number | null;
  readonly inrushOverCycles: number | null;
  readonly restarts: number;
  /** An image came whole: the next loss of link is the phone starting it. */
  readonly expectsRestart: boolean;
  readonly peakMilliwatts: Milliwatts;
  readonly peakSeq: number;
}

type State = StageState<BootNotes>;

const noLink = ({ plan, notes }: State): Finding =>
  phoneFails(
    notes.firstLink === null
      ? `Link did not come up within ${plan.boot.linkAllowanceMs} ms of power-on, although the phone draws power.`
      : `Link was lost and did not come back within ${plan.boot.linkAllowanceMs} ms.`,
    'Try another cable (pins 1/2 and 3/6); if link stays down, the phone does not boot or its Ethernet port is broken.',
  );

const loop = wentWrong(
  'operator',
  'Our own frames came back on the wire: what looks like link is a loop.',
  'Take the loopback plug or the looped cable out and plug in the phone alone.',
);

const rebootLoop = (drops: number): Finding =>
  phoneFails(
    `Link was lost ${drops} times without an image to start: the phone reboots again and again.`,
    'Repeat with another cable; if it stays, erase the phone’s settings, then put it aside for repair.',
  );

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** One further loss of link is a phone's habit, where the plan has no limit of its own. */
const habitualDrops = 1;

const onLinkDown = (state: State, event: TimelineEvent): State => {
  const { notes, plan } = state;
  if (!notes.isLinked) return state;
  const lost = witness(note(state, { isLinked: false, lostAtUs: event.atUs, lossCounts: false }), event);
  if (notes.expectsRestart) return note(lost, { expectsRestart: false, restarts: notes.restarts + 1 });
  const drops = notes.drops + 1;
  const counted = note(lost, { drops, lossCounts: true });
  return drops > (plan.limits['boot.linkDrops']?.max ?? habitualDrops)
    ? conclude(counted, rebootLoop(drops), event)
    : counted;
};

/**
 * Carrier goes with the power, and is seen at once; the board's word that power is off comes over the serial line. A loss
 * just before that word is no drop of the phone's.
 */
const powerLossShadowUs = 200_000;

const withoutShadow = (state: State, event: TimelineEvent): State => {
  const { lossCounts, lostAtUs, drops } = state.notes;
  const isShadow = lossCounts && lostAtUs !== null && event.atUs - lostAtUs < powerLossShadowUs;
  return isShadow ? note(state, { drops: drops - 1, lossCounts: false }) : state;
};

/** The current falls within a sample or two once the capacitors are full. */
const inrushTailMs = 20;

/** The highest power of one sample once inrush is over, mW. Samples are `periodMs` apart, the last at the event's stamp. */
const withPeak = (
  state: State,
  event: TimelineEvent,
  { milliamps: samples, periodMs, jackMillivolts }: FactOf<'current'>,
): State => {
  const { inrushOverCycles, peakMilliwatts } = state.notes;
  const lastCycles = event.stamp?.boardCycles;
  if (inrushOverCycles === null || lastCycles === undefined) return state;
  const isOwn = (index: number) =>
    lastCycles - (samples.length - 1 - index) * periodMs * boardCyclesPerMs >= inrushOverCycles;
  const own = samples.filter((_, index) => isOwn(index));
  const peak = milliwatts(Math.round(powerOf(milliamps(Math.max(0, ...own)), jackMillivolts)));
  return peak > peakMilliwatts ? note(state, { peakMilliwatts: peak, peakSeq: event.seq }) : state;
};

const next = (state: State, event: TimelineEvent): State => {
  const { fact, atUs, seq } = event;
  const { notes } = state;
  if (!notes.hasBench) {
    if ('from' in fact)
      return fact.from === 'phone'
        ? skip(state, 'No board took part: nothing is known of the phone’s start.', atUs)
        : state;
    return next(note(state, { hasBench: true }), event);
  }
  if (fact.kind === 'power-on') {
    const poweredAtCycles = event.stamp?.boardCycles ?? null;
    return witness(note(state, { poweredAtUs: atUs, poweredAtCycles, isLinked: false }), event);
  }
  // Carrier from before power-on is not the phone's: only an edge after it counts.
  if (notes.poweredAtUs === null) return state;

  switch (fact.kind) {
    case 'link-up': {
      const firstLink = notes.firstLink ?? { atUs, seq };
      return witness(note(state, { firstLink, isLinked: true, lostAtUs: null }), event);
    }
    case 'link-down':
      return onLinkDown(state, event);
    case 'own-frame-returned':
      // Without link it is the phone's relay, still closed in the first moments of power.
      return notes.isLinked ? conclude(state, loop, event) : state;
    case 'current':
      return withPeak(state, event, fact);
    case 'inrush':
      return notes.poweredAtCycles === null
        ? state
        : note(state, {
            inrushOverCycles: notes.poweredAtCycles + (fact.durationMs + inrushTailMs) * boardCyclesPerMs,
          });
    case 'tftp-end':
      return fact.outcome === 'complete' && phoneFileKind(fact.file) === 'image'
        ? note(state, { expectsRestart: true })
        : state;
    case 'sccp':
    case 'sip':
      return orderIn(fact) === 'reset' ? note(state, { expectsRestart: true }) : state;
    case 'power-off':
      return fact.cause === 'LINK_DEADLINE' ? conclude(state, noLink(state), event) : withoutShadow(state, event);
    default:
      return state;
  }
};

/** Whole-run figures, taken once when power goes off. */
const finish = (state: State, event: TimelineEvent): State => {
  const { notes, plan, reachedAtUs } = state;
  if (reachedAtUs === null) return state;
  const drops = measured(state, measurementOf(plan, 'boot.linkDrops', notes.drops, event.seq), event);
  if (notes.peakSeq === 0) return drops;
  return measured(drops, measurementOf(plan, 'boot.peakMilliwatts', notes.peakMilliwatts, notes.peakSeq), event);
};

export const bootJudge = defineJudge<BootNotes>({
  stage: 'boot',
  start: () => ({
    hasBench: false,
    poweredAtUs: null,
    firstLink: null,
    isLinked: false,
    lostAtUs: null,
    drops: 0,
    lossCounts: false,
    poweredAtCycles: null,
    inrushOverCycles: null,
    restarts: 0,
    expectsRestart: false,
    peakMilliwatts: milliwatts(0),
    peakSeq: 0,
  }),
  next,
  notMeasured: ({ notes }) =>
    notes.poweredAtUs !== null && notes.poweredAtCycles === null
      ? [{ name: 'boot.peakMilliwatts', reason: 'no serial' }]
      : [],
  goal: ({ notes, plan }) => {
    const { firstLink, poweredAtUs } = notes;
    if (firstLink === null || poweredAtUs === null) return null;
    const linkUpMs = msSince(poweredAtUs, firstLink.atUs);
    return {
      atUs: firstLink.atUs,
      measurements: [measurementOf(plan, 'boot.linkUpMs', linkUpMs, firstLink.seq)],
    };
  },
  deadlineUs: ({ notes, plan, reachedAtUs }) => {
    const since = reachedAtUs === null ? notes.poweredAtUs : notes.lostAtUs;
    return since === null ? null : since + usFromMs(plan.boot.linkAllowanceMs);
  },
  overdue: noLink,
  finish,
  summary: ({ notes }) => {
    const ms = msSince(notes.poweredAtUs ?? 0, notes.firstLink?.atUs ?? 0);
    const restarts = notes.restarts === 0 ? '' : `, and ${times(notes.restarts)} more for a new image or an order`;
    return `Link came up ${ms} ms after power-on${restarts}.`;
  },
});
