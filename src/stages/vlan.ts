import type { Plan } from '../plan/plan.js';
import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { milliwatts } from '../units.js';
import { conclude, defineJudge, measured, msSince, note, type StageState, usFromMs, witness } from './define-judge.js';
import { measurementOf } from './measure.js';
import {
  type NeighbourProtocol,
  notTakenUp,
  notTold,
  noWord,
  protocolNames,
  toldAnother,
  tooLittlePower,
  wrongPhone,
  wrongPlatform,
  wrongTag,
} from './vlan-findings.js';

interface Moment {
  readonly atUs: number;
  readonly seq: number;
}
type ByProtocol<Value> = Readonly<Record<NeighbourProtocol, Value>>;

interface VlanNotes {
  /** The phone's first word in each protocol; plain LLDP without LLDP-MED does not count. */
  readonly first: ByProtocol<Moment | null>;
  readonly deviceId: string | null;
  readonly platform: string | null;
  readonly hasAsked: boolean;
  /** What was told as voice VLAN since link last came up: its id, null for untagged, undefined for nothing. */
  readonly told: ByProtocol<number | null | undefined>;
  /** Protocols that told the phone the plan's voice VLAN, once at least. */
  readonly toldBy: readonly NeighbourProtocol[];
  readonly takenUp: Moment | null;
  /**
   * Since link came up: the protocol that asked first, for a port locks to it, and the least asked for in either (many
   * phones say 12.9 W by LLDP whatever they draw).
   */
  readonly power: { readonly by: NeighbourProtocol; readonly milliwatts: number } | null;
}

type State = StageState<VlanNotes>;

const protocols = ['cdp', 'lldp'] as const satisfies readonly NeighbourProtocol[];
const nothingTold: VlanNotes['told'] = { cdp: undefined, lldp: undefined };
const spokenBy = ({ first }: VlanNotes): readonly NeighbourProtocol[] => protocols.filter((by) => first[by] !== null);

const sameText = (left: string, right: string): boolean => left.trim().toLowerCase() === right.trim().toLowerCase();

/** Both come again and again; the first ones tell the story. */
const witnessOnce = (state: State, event: TimelineEvent): State =>
  state.notes.takenUp === null ? witness(state, event) : state;

/** What is told counts once the phone speaks the protocol that told it: until then it cannot have understood. */
const weighWhatWasTold = (state: State, event: TimelineEvent): State => {
  const { notes, plan } = state;
  const wanted = plan.network.voiceVlan;
  if (wanted === null) return state;
  const understood = spokenBy(notes).filter((by) => notes.told[by] !== undefined);
  const toldBy = protocols.filter(
    (by) => notes.toldBy.includes(by) || (understood.includes(by) && notes.told[by] === wanted),
  );
  const weighed = note(state, { toldBy });
  const wrong = understood.find((by) => notes.told[by] !== wanted);
  return wrong === undefined
    ? weighed
    : conclude(weighed, toldAnother(wrong, notes.told[wrong] ?? null, wanted), event);
};

interface PhoneWord {
  readonly by: NeighbourProtocol;
  readonly deviceId: string | null;
  /** As the protocol spells it, and what the plan wants there. */
  readonly platform: { readonly said: string | null; readonly wanted: string };
  readonly asksForVlan: boolean;
  /** What it asks for: at most (the figure), and at least. */
  readonly power: { readonly most: number; readonly least: number } | null;
}

const onPhoneWord = (state: State, event: TimelineEvent, word: PhoneWord): State => {
  const { plan, notes } = state;
  const { by, deviceId, platform, power } = word;
  const seen = note(witnessOnce(state, event), {
    first: { ...notes.first, [by]: notes.first[by] ?? { atUs: event.atUs, seq: event.seq } },
    deviceId: deviceId ?? notes.deviceId,
    platform: by === 'cdp' ? (platform.said ?? notes.platform) : (notes.platform ?? platform.said),
    hasAsked: notes.hasAsked || word.asksForVlan,
    power:
      power === null
        ? notes.power
        : {
            by: notes.power?.by ?? by,
            milliwatts: Math.min(notes.power?.milliwatts ?? power.least, power.least),
          },
  });
  const label = plan.phone.deviceId;
  if (label !== null && deviceId !== null && deviceId !== label)
    return conclude(seen, wrongPhone(label, deviceId), event);
  if (platform.said !== null && !sameText(platform.said, platform.wanted))
    return conclude(seen, wrongPlatform(platform.wanted, platform.said), event);
  const weighed = weighWhatWasTold(seen, event);
  if (power === null) return weighed;
  const name = by === 'cdp' ? 'vlan.cdpMilliwatts' : 'vlan.lldpMilliwatts';
  const own = ownLimits(plan)[name];
  return measured(weighed, measurementOf(plan, name, milliwatts(power.most), event.seq, own), event);
};

/** Where the plan gives no limit, a phone may ask for what the bench grants. */
export const ownLimits = ({ network }: Plan) => {
  const budget = { max: network.powerAvailableMilliwatts };
  return { 'vlan.cdpMilliwatts': budget, 'vlan.lldpMilliwatts': budget } as const;
};

/** `vlan` undefined: the frame says nothing of one. A grant of 0 is told by ports that give no power at all. */
const onBenchWord = (
  state: State,
  event: TimelineEvent,
  by: NeighbourProtocol,
  { vlan, granted }: { readonly vlan: number | null | undefined; readonly granted: number | null },
): State => {
  const { told, power } = state.notes;
  const isNews = vlan !== undefined && vlan !== told[by];
  const heard = isNews ? witnessOnce(note(state, { told: { ...told, [by]: vlan } }), event) : state;
  const weighed = weighWhatWasTold(heard, event);
  const isShort = power?.by === by && granted !== null && granted > 0 && granted < power.milliwatts;
  return isShort ? conclude(weighed, tooLittlePower(by, power.milliwatts, granted), event) : weighed;
};

const onCdp = (state: State, event: TimelineEvent, cdp: FactOf<'cdp'>): State => {
  if (cdp.from === 'bench')
    return onBenchWord(state, event, 'cdp', {
      vlan: cdp.voiceVlanReply ?? undefined,
      granted: cdp.powerAvailableMilliwatts,
    });
  const claimed = cdp.powerConsumptionMilliwatts;
  const levels = cdp.powerRequestedMilliwatts ?? [];
  return onPhoneWord(state, event, {
    by: 'cdp',
    deviceId: cdp.deviceId,
    platform: { said: cdp.platform, wanted: state.plan.phone.platform },
    asksForVlan: cdp.voiceVlanQuery,
    power: claimed === null ? null : { most: claimed, least: Math.min(claimed, ...levels) },
  });
};

/** A system name may have the domain behind it. */
const deviceName = /^(?:SEP|SIP)[0-9A-F]{12}/;
const lastEndpointClass = 3;

const onLldp = (state: State, event: TimelineEvent, lldp: FactOf<'lldp'>): State => {
  if (lldp.from === 'bench') {
    const vlan = lldp.voicePolicy === null ? undefined : lldp.voicePolicy.vlan;
    return onBenchWord(state, event, 'lldp', { vlan, granted: lldp.powerAllocatedMilliwatts });
  }
  if (lldp.medClass === null || lldp.medClass > lastEndpointClass) return state;
  const asked = lldp.powerRequestedMilliwatts;
  return onPhoneWord(state, event, {
    by: 'lldp',
    deviceId: deviceName.exec(lldp.systemName ?? '')?.[0] ?? null,
    platform: { said: lldp.model, wanted: state.plan.phone.model },
    asksForVlan: false,
    power: asked === null ? null : { most: asked, least: asked },
  });
};

const next = (state: State, event: TimelineEvent): State => {
  const { fact, atUs, seq } = event;
  const { notes, plan } = state;
  const vlan = plan.network.voiceVlan;
  switch (fact.kind) {
    case 'cdp':
      return onCdp(state, event, fact);
    case 'lldp':
      return onLldp(state, event, fact);
    case 'link-down':
      return note(state, { told: nothingTold, power: null });
    case 'vlan-used':
      if (fact.from !== 'phone' || fact.vlan !== vlan || notes.takenUp !== null) return state;
      return witness(note(state, { takenUp: { atUs, seq } }), event);
    case 'dhcp': {
      // A phone that speaks neither protocol cannot have understood: its fault is that, told at the deadline.
      const isTold = spokenBy(notes).some((by) => notes.told[by] === vlan);
      return fact.from === 'phone' && vlan !== null && fact.vlan !== vlan && isTold
        ? conclude(state, wrongTag(vlan, fact.vlan), event)
        : state;
    }
    default:
      return state;
  }
};

export const vlanJudge = defineJudge<VlanNotes>({
  stage: 'vlan',
  start: () => ({
    first: { cdp: null, lldp: null },
    deviceId: null,
    platform: null,
    hasAsked: false,
    told: nothingTold,
    toldBy: [],
    takenUp: null,
    power: null,
  }),
  next,
  skip: (plan) => (plan.network.voiceVlan === null ? 'The plan has no voice VLAN.' : null),
  goal: ({ notes, plan }, beganAtUs) => {
    const { first, takenUp, toldBy } = notes;
    const spoken = spokenBy(notes).flatMap((by) => first[by] ?? []);
    if (spoken.length === 0 || takenUp === null || toldBy.length === 0) return null;
    const since = ({ atUs }: Moment) => msSince(beganAtUs, atUs);
    return {
      atUs: Math.max(Math.min(...spoken.map(({ atUs }) => atUs)), takenUp.atUs),
      measurements: [
        ...(first.cdp ? [measurementOf(plan, 'vlan.firstCdpMs', since(first.cdp), first.cdp.seq)] : []),
        ...(first.lldp ? [measurementOf(plan, 'vlan.firstLldpMs', since(first.lldp), first.lldp.seq)] : []),
        measurementOf(plan, 'vlan.takenUpMs', since(takenUp), takenUp.seq),
      ],
    };
  },
  deadlineUs: ({ plan, reachedAtUs }, beganAtUs) =>
    reachedAtUs === null ? beganAtUs + usFromMs(plan.deadlines.vlanMs) : null,
  overdue: ({ notes, plan }) => {
    const spoken = spokenBy(notes);
    if (spoken.length === 0) return noWord(plan.deadlines.vlanMs);
    return notes.toldBy.length > 0 ? notTakenUp(plan.network.voiceVlan ?? 0) : notTold(spoken);
  },
  summary: ({ notes, plan }) => {
    const by = notes.toldBy.map((protocol) => protocolNames[protocol]).join(' and ');
    const unasked = notes.first.cdp !== null && !notes.hasAsked ? ' without asking for it' : '';
    return `${notes.deviceId ?? 'The phone'} (${notes.platform ?? 'platform unknown'}) took up voice VLAN ${plan.network.voiceVlan}, told by ${by}${unasked}.`;
  },
});
