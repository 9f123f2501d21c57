import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { milliwatts } from '../units.js';
import { conclude, defineJudge, measured, msSince, note, type StageState, usFromMs, witness } from './define-judge.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';
import { measurementOf } from './measure.js';

interface Moment {
  readonly atUs: number;
  readonly seq: number;
}

interface VlanNotes {
  readonly firstCdp: Moment | null;
  readonly deviceId: string | null;
  readonly platform: string | null;
  readonly hasAsked: boolean;
  /** The bench told the voice VLAN since link last came up. */
  readonly isTold: boolean;
  readonly toldOnce: boolean;
  readonly takenUp: Moment | null;
}

type State = StageState<VlanNotes>;
type Cdp = FactOf<'cdp'>;

const noCdp = (waitedMs: number): Finding =>
  phoneFails(
    `No CDP from the phone within ${waitedMs} ms of link.`,
    'Check that CDP is not switched off in the phone’s network settings; otherwise the load is damaged.',
  );
const notTold = wentWrong(
  'network',
  'The phone spoke CDP, but nobody told it the voice VLAN.',
  'Check the bench’s CDP service (docs/architecture.md, services) or the switch port in between.',
);
const notTakenUp = (vlan: number): Finding =>
  phoneFails(
    `The phone was told voice VLAN ${vlan} and sent nothing tagged with it.`,
    'Look for a VLAN set by hand (Admin. VLAN Id) in the phone’s network settings and erase it.',
  );
const wrongTag = (vlan: number, seen: number | null): Finding =>
  phoneFails(
    `The phone was told voice VLAN ${vlan} and asked for an address ${seen === null ? 'untagged' : `on VLAN ${seen}`}.`,
    'Look for a VLAN set by hand (Admin. VLAN Id) in the phone’s network settings and erase it.',
  );
const wrongPhone = (label: string, deviceId: string): Finding =>
  wentWrong(
    'operator',
    `The plan’s label says ${label}, the phone says ${deviceId}.`,
    'Check that the right phone is plugged in, or correct the label in the plan.',
  );
const wrongPlatform = (wanted: string, platform: string): Finding =>
  wentWrong(
    'operator',
    `The plan is for a ${wanted}, the phone says ${platform}.`,
    'Choose the plan of this model, or plug in the right phone.',
  );

const sameText = (left: string, right: string): boolean => left.trim().toLowerCase() === right.trim().toLowerCase();

const onPhoneCdp = (state: State, event: TimelineEvent, cdp: Cdp): State => {
  const { plan, notes } = state;
  const seen = note(witnessOnce(state, event), {
    firstCdp: notes.firstCdp ?? { atUs: event.atUs, seq: event.seq },
    deviceId: cdp.deviceId ?? notes.deviceId,
    platform: cdp.platform ?? notes.platform,
    hasAsked: notes.hasAsked || cdp.voiceVlanQuery,
  });
  const label = plan.phone.deviceId;
  if (label !== null && cdp.deviceId !== null && cdp.deviceId !== label)
    return conclude(seen, wrongPhone(label, cdp.deviceId), event);
  if (cdp.platform !== null && !sameText(cdp.platform, plan.phone.platform))
    return conclude(seen, wrongPlatform(plan.phone.platform, cdp.platform), event);
  if (cdp.powerConsumptionMilliwatts === null) return seen;
  const budget = { max: plan.network.powerAvailableMilliwatts };
  return measured(
    seen,
    measurementOf(plan, 'vlan.cdpMilliwatts', milliwatts(cdp.powerConsumptionMilliwatts), event.seq, budget),
    event,
  );
};

/** CDP comes again every minute; the first ones tell the story. */
const witnessOnce = (state: State, event: TimelineEvent): State =>
  state.notes.takenUp === null ? witness(state, event) : state;

const next = (state: State, event: TimelineEvent): State => {
  const { fact, atUs, seq } = event;
  const { notes, plan } = state;
  const vlan = plan.network.voiceVlan;
  switch (fact.kind) {
    case 'cdp': {
      if (fact.from === 'phone') return onPhoneCdp(state, event, fact);
      if (fact.voiceVlanReply === null || fact.voiceVlanReply !== vlan) return state;
      return notes.isTold ? state : witnessOnce(note(state, { isTold: true, toldOnce: true }), event);
    }
    case 'link-down':
      return note(state, { isTold: false });
    case 'vlan-used':
      if (fact.from !== 'phone' || fact.vlan !== vlan || notes.takenUp !== null) return state;
      return witness(note(state, { takenUp: { atUs, seq } }), event);
    case 'dhcp':
      // A phone that does not speak CDP cannot have understood: its fault is that, told at the deadline.
      return fact.from === 'phone' && vlan !== null && fact.vlan !== vlan && notes.isTold && notes.firstCdp !== null
        ? conclude(state, wrongTag(vlan, fact.vlan), event)
        : state;
    default:
      return state;
  }
};

export const vlanJudge = defineJudge<VlanNotes>({
  stage: 'vlan',
  start: () => ({
    firstCdp: null,
    deviceId: null,
    platform: null,
    hasAsked: false,
    isTold: false,
    toldOnce: false,
    takenUp: null,
  }),
  next,
  skip: (plan) => (plan.network.voiceVlan === null ? 'The plan has no voice VLAN.' : null),
  goal: ({ notes, plan }, beganAtUs) => {
    const { firstCdp, takenUp, toldOnce } = notes;
    if (firstCdp === null || takenUp === null || !toldOnce) return null;
    return {
      atUs: Math.max(firstCdp.atUs, takenUp.atUs),
      measurements: [
        measurementOf(plan, 'vlan.firstCdpMs', msSince(beganAtUs, firstCdp.atUs), firstCdp.seq),
        measurementOf(plan, 'vlan.takenUpMs', msSince(beganAtUs, takenUp.atUs), takenUp.seq),
      ],
    };
  },
  deadlineUs: ({ plan, reachedAtUs }, beganAtUs) =>
    reachedAtUs === null ? beganAtUs + usFromMs(plan.deadlines.vlanMs) : null,
  overdue: ({ notes, plan }) => {
    if (notes.firstCdp === null) return noCdp(plan.deadlines.vlanMs);
    return notes.toldOnce ? notTakenUp(plan.network.voiceVlan ?? 0) : notTold;
  },
  summary: ({ notes, plan }) =>
    `${notes.deviceId ?? 'The phone'} (${notes.platform ?? 'platform unknown'}) took up voice VLAN ${plan.network.voiceVlan}` +
    `${notes.hasAsked ? '' : ' without asking for it'}.`,
});
