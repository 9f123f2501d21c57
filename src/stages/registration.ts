import type { Plan } from '../plan/plan.js';
import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { allRefused, findManager, membersOf, passedOver, withState } from './call-managers.js';
import { conclude, defineJudge, msSince, note, type StageState, witness } from './define-judge.js';
import { measurementOf } from './measure.js';
import { isSameLoad } from './phone-files.js';
import {
  lost,
  nobodyServes,
  otherLoad,
  outOfOrder,
  overdueFinding,
  rejected,
  sameStamp,
  wrongName,
} from './registration-findings.js';
import { type Move, movesOf } from './registration-moves.js';
import { type Death, type Moment, type RegistrationNotes, waitOf } from './registration-notes.js';

type State = StageState<RegistrationNotes>;

/** CallManagers that die on purpose, remembered at most. */
const maxDeaths = 8;

const momentOf = ({ atUs, seq }: TimelineEvent): Moment => ({ atUs, seq });

/** Keepalives come for hours; the first ones are evidence enough. */
const witnessUntilReached = (state: State, event: TimelineEvent): State =>
  state.reachedAtUs === null ? witness(state, event) : state;

const isHome = ({ notes }: State, server: string): boolean =>
  notes.newest?.server === server && notes.lost === null && !notes.isLost;

const isOrdered = ({ notes }: State): boolean => notes.order !== null && notes.returned === null;

/** The phone let go of the CallManager it was registered with. */
const letGo = (state: State, event: TimelineEvent, server: string): State => {
  if (!isHome(state, server) || isOrdered(state)) return state;
  const { unansweredSince, answersKeepalives } = state.notes;
  if (unansweredSince === null || !answersKeepalives) return note(state, { isLost: true });
  return note(witness(state, event), { lost: { ...unansweredSince, server, why: 'unanswered' } });
};

const whenAllRefused = (state: State, event: TimelineEvent): State =>
  state.notes.acknowledgedBy === null && allRefused(state.notes.managers)
    ? conclude(state, nobodyServes(state.notes.managers), event)
    : state;

const onTcp = (state: State, event: TimelineEvent, fact: FactOf<'tcp'>): State => {
  const { managers } = state.notes;
  const { server } = fact;
  const set = (to: Parameters<typeof withState>[3]): State =>
    note(witnessUntilReached(state, event), { managers: withState(managers, server, fact.port, to) });
  switch (fact.state) {
    case 'connecting':
      return findManager(managers, server)?.state === 'registered' ? state : set('sought');
    case 'connected':
      return findManager(managers, server)?.state === 'sought' ? set('trying') : state;
    case 'refused':
      return whenAllRefused(set('refused'), event);
    case 'closed': {
      if (fact.from === 'phone' && state.notes.acknowledgedBy === server) return letGo(state, event, server);
      if (!isHome(state, server)) return whenAllRefused(set('closed'), event);
      if (isOrdered(state)) return state;
      return note(witness(set('closed'), event), { lost: { ...momentOf(event), server, why: 'closed' } });
    }
  }
};

/** What a complete registration means after a loss, a return of a better CallManager, or an order. */
const settled = (state: State, event: TimelineEvent, server: string): Partial<RegistrationNotes> => {
  const { lost, deaths, fallback, order, refetched, returned } = state.notes;
  const moment = momentOf(event);
  const revived = deaths.find(({ back, ...death }) => back !== null && death.server === server);
  return {
    lost: null,
    isLost: false,
    ...(lost !== null && lost.server !== server
      ? { failover: { ...moment, from: lost.server, why: lost.why, ms: msSince(lost.atUs, event.atUs) } }
      : {}),
    ...(revived?.back && fallback === null
      ? { fallback: { ...moment, to: server, ms: msSince(revived.back.atUs, event.atUs) } }
      : {}),
    ...(order !== null && refetched !== null && returned === null ? { returned: moment } : {}),
  };
};

const onCompleted = (state: State, event: TimelineEvent, server: string): State => {
  const { notes } = state;
  // A refresh, or a phone that asks the time once more.
  if (isHome(state, server) && !(isOrdered(state) && notes.refetched !== null)) return state;
  const managers = withState(notes.managers, server, 0, 'registered');
  const tried = managers.filter(
    ({ address, state: became }) => address === server || became === 'refused' || became === 'closed',
  );
  const moment = momentOf(event);
  const done = note(witness(state, event), {
    ...settled(state, event, server),
    managers,
    attempts: notes.registered === null ? tried.length : notes.attempts,
    registered: notes.registered ?? moment,
    newest: { ...moment, server },
    keepalives: 0,
    answered: 0,
    lastKeepalive: null,
    unansweredSince: null,
  });
  const passed = passedOver(managers, server);
  const chosen = findManager(managers, server);
  return passed.length > 0 && chosen !== undefined
    ? conclude(done, outOfOrder(chosen, passed), event)
    : whenLoadIsKnown(done, event);
};

/** A phone that has come back must run the load it was given. */
const whenLoadIsKnown = (state: State, event: TimelineEvent): State => {
  const wanted = state.plan.change?.load ?? null;
  const { returned, toldLoad } = state.notes;
  return returned === null || wanted === null || toldLoad === null || isSameLoad(wanted, toldLoad)
    ? state
    : conclude(state, otherLoad(wanted, toldLoad), event);
};

const onLoad = (state: State, event: TimelineEvent, toldLoad: string): State => {
  const told = note(state, { toldLoad });
  const isAwaited = state.notes.returned !== null && state.notes.toldLoad === null;
  return isAwaited ? whenLoadIsKnown(witness(told, event), event) : told;
};

const onAsked = (state: State, event: TimelineEvent, move: Extract<Move, { kind: 'asked' }>): State => {
  const { server, port, deviceName, loadName } = move;
  const { newest, unansweredSince } = state.notes;
  // Over UDP nobody sees a phone leave: it asks another one.
  const isLeaving = newest !== null && newest.server !== server && unansweredSince !== null;
  const left = isLeaving ? letGo(state, event, newest.server) : state;
  const { managers } = left.notes;
  const isNew = ['untried', 'sought'].includes(findManager(managers, server)?.state ?? '');
  const asked = note(witnessUntilReached(left, event), {
    asked: server,
    ...(loadName === null ? {} : { toldLoad: loadName }),
    ...(isNew ? { managers: withState(managers, server, port, 'trying') } : {}),
  });
  const label = state.plan.phone.deviceId;
  return label !== null && deviceName !== null && deviceName !== label
    ? conclude(asked, wrongName(label, deviceName), event)
    : asked;
};

const onMove = (state: State, event: TimelineEvent, move: Move): State => {
  const { notes } = state;
  const { server } = move;
  switch (move.kind) {
    case 'asked':
      return onAsked(state, event, move);
    case 'acknowledged':
      return note(witnessUntilReached(state, event), {
        acknowledgedBy: server,
        keepaliveSeconds: move.keepaliveSeconds ?? notes.keepaliveSeconds,
        answersKeepalives: move.answersKeepalives,
      });
    case 'completed':
      return notes.acknowledgedBy === server ? onCompleted(state, event, server) : state;
    case 'rejected':
      return conclude(state, rejected(findManager(notes.managers, server)?.name ?? server, move.text), event);
    case 'turned-away': {
      const managers = withState(notes.managers, server, move.port, 'refused');
      return whenAllRefused(note(witness(state, event), { managers }), event);
    }
    case 'keepalive': {
      if (!isHome(state, server)) return state;
      const lastKeepalive = momentOf(event);
      const unansweredSince = notes.unansweredSince ?? lastKeepalive;
      const keepalives = notes.keepalives + move.count;
      return note(witnessUntilReached(state, event), { keepalives, lastKeepalive, unansweredSince });
    }
    case 'keepalive-answered': {
      if (!isHome(state, server) || notes.keepalives === 0) return state;
      const answered = notes.answered + move.count;
      return note(witnessUntilReached(state, event), { answered, unansweredSince: null });
    }
    case 'gave-up':
      return letGo(witnessUntilReached(state, event), event, server);
    case 'ordered':
      return notes.registered === null
        ? state
        : note(witness(state, event), {
            order: { ...momentOf(event), kind: move.order },
            refetched: null,
            returned: null,
            toldLoad: null,
          });
  }
};

const onService = (state: State, event: TimelineEvent, { action, detail }: FactOf<'service'>): State => {
  const { deaths } = state.notes;
  const server = String(detail.server);
  const mark = (what: Partial<Death>): State =>
    note(witness(state, event), {
      deaths: deaths.map((death) => (death.server === server ? { ...death, ...what } : death)),
    });
  switch (action) {
    case 'dies-on-purpose': {
      const backAfterMs = typeof detail.backAfterMs === 'number' ? detail.backAfterMs : null;
      const death: Death = { server, afterMs: Number(detail.afterMs), backAfterMs, died: null, back: null };
      return note(state, { deaths: [...deaths, death].slice(0, maxDeaths) });
    }
    case 'died-on-purpose':
      return mark({ died: momentOf(event) });
    case 'serves-again':
      return mark({ back: momentOf(event) });
    default:
      return state;
  }
};

const changesTheFile = ({ change }: Plan): boolean =>
  change !== null && (change.load !== null || change.callManagers !== null);

/** The order of CallManagers is the one the phone was told last, before it tried any. */
const onConfig = (state: State, event: TimelineEvent, fact: FactOf<'tftp-end'>): State => {
  const { managers, refetched } = state.notes;
  if (fact.config === null) return state;
  const versionStamp = fact.config.versionStamp ?? null;
  if (isOrdered(state)) {
    const told = {
      managers: membersOf(state.plan, fact.config),
      refetched: refetched ?? momentOf(event),
      versionStamp,
    };
    const before = state.notes.versionStamp;
    const isFirst = refetched === null && changesTheFile(state.plan);
    const refetching = note(witness(state, event), told);
    return isFirst && versionStamp !== null && versionStamp === before
      ? conclude(refetching, sameStamp(versionStamp), event)
      : refetching;
  }
  return managers.some((manager) => manager.state !== 'untried')
    ? note(state, { versionStamp })
    : note(state, { managers: membersOf(state.plan, fact.config), versionStamp });
};

const next = (state: State, event: TimelineEvent): State => {
  const { fact } = event;
  switch (fact.kind) {
    case 'tftp-end':
      return onConfig(state, event, fact);
    case 'tcp':
      return onTcp(state, event, fact);
    case 'address-sought':
      return findManager(state.notes.managers, fact.address)?.state === 'untried'
        ? note(witness(state, event), {
            managers: state.notes.managers.map((manager) =>
              manager.address === fact.address ? { ...manager, state: 'sought' } : manager,
            ),
          })
        : state;
    case 'service':
      return fact.service === 'callmanager' ? onService(state, event, fact) : state;
    case 'cdp':
    case 'lldp':
      return fact.from === 'phone' && fact.softwareVersion !== null
        ? onLoad(state, event, fact.softwareVersion)
        : state;
    case 'link-down':
      // What a phone told before it started again is no news of what it runs now.
      return isOrdered(state) ? note(state, { toldLoad: null }) : state;
    default:
      return movesOf(fact).reduce((after, move) => onMove(after, event, move), state);
  }
};

const summaryOf = ({ notes, plan }: State): string => {
  const nameOf = (server: string) => findManager(notes.managers, server)?.name ?? server;
  const home = notes.newest?.server ?? '';
  const rank = findManager(notes.managers, home)?.rank ?? 0;
  const list = (states: readonly string[]) =>
    notes.managers
      .filter((manager) => states.includes(manager.state) && (manager.rank ?? 0) < rank)
      .map(({ name }) => name)
      .join(', ');
  const { failover, fallback, order, refetched, returned, keepalives } = notes;
  const refused = failover === null ? list(['refused', 'closed']) : '';
  const silent = failover === null ? list(['sought', 'trying']) : '';
  const since = (from: Moment | null, to: Moment | null) => msSince(from?.atUs ?? 0, to?.atUs ?? 0);
  return [
    `Registered with ${home === '' ? 'a CallManager' : nameOf(home)}`,
    refused !== '' && ` after ${refused} refused`,
    silent !== '' && ` after ${silent} did not answer`,
    failover !== null &&
      `, ${failover.ms} ms after ${nameOf(failover.from)} ${failover.why === 'closed' ? 'closed the connection' : 'left a keepalive unanswered'}`,
    fallback !== null && `, back with it ${fallback.ms} ms after it served again`,
    plan.change !== null &&
      order !== null &&
      `, again ${since(order, returned)} ms after it was told to ${order.kind} (configuration after ${since(order, refetched)} ms)`,
    `; ${keepalives} keepalive${keepalives === 1 ? '' : 's'} seen.`,
  ]
    .filter((part) => part !== false)
    .join('');
};

export const registrationJudge = defineJudge<RegistrationNotes>({
  stage: 'registration',
  start: (plan) => ({
    managers: membersOf(plan, null),
    asked: null,
    acknowledgedBy: null,
    keepaliveSeconds: plan.sccp.keepaliveSeconds,
    answersKeepalives: true,
    registered: null,
    newest: null,
    attempts: 0,
    keepalives: 0,
    answered: 0,
    lastKeepalive: null,
    unansweredSince: null,
    isLost: false,
    lost: null,
    failover: null,
    deaths: [],
    fallback: null,
    order: null,
    refetched: null,
    returned: null,
    toldLoad: null,
    versionStamp: null,
  }),
  next,
  goal: ({ notes, plan }, beganAtUs) => {
    const { registered, newest, lastKeepalive, failover, fallback, order, refetched, returned } = notes;
    if (registered === null || newest === null || waitOf(notes, plan, beganAtUs) !== null) return null;
    const last = lastKeepalive ?? newest;
    const took = (name: 'failoverMs' | 'fallbackMs', moment: (Moment & { readonly ms: number }) | null) =>
      moment === null ? [] : [measurementOf(plan, `registration.${name}`, msSince(0, moment.ms * 1000), moment.seq)];
    const since = (name: 'refetchedMs' | 'returnedMs', moment: Moment | null) =>
      moment === null || order === null
        ? []
        : [measurementOf(plan, `registration.${name}`, msSince(order.atUs, moment.atUs), moment.seq)];
    return {
      atUs: last.atUs,
      measurements: [
        measurementOf(plan, 'registration.registeredMs', msSince(beganAtUs, registered.atUs), registered.seq),
        measurementOf(plan, 'registration.attempts', notes.attempts, registered.seq),
        measurementOf(plan, 'registration.keepalives', notes.keepalives, last.seq),
        ...took('failoverMs', failover),
        ...took('fallbackMs', fallback),
        ...since('refetchedMs', refetched),
        ...since('returnedMs', returned),
      ],
    };
  },
  deadlineUs: ({ notes, plan, reachedAtUs }, beganAtUs) =>
    reachedAtUs === null ? (waitOf(notes, plan, beganAtUs)?.untilUs ?? null) : null,
  overdue: (state) => overdueFinding(waitOf(state.notes, state.plan, state.beganAtUs ?? 0), state),
  finish: (state, event) => (state.reachedAtUs !== null && state.notes.isLost ? conclude(state, lost, event) : state),
  summary: summaryOf,
});
