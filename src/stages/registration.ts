import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { allRefused, type CallManager, findManager, membersOf, passedOver, withState } from './call-managers.js';
import { conclude, defineJudge, msSince, note, type StageState, usFromMs, witness } from './define-judge.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';
import { measurementOf } from './measure.js';

interface Moment {
  readonly atUs: number;
  readonly seq: number;
}

interface RegistrationNotes {
  readonly managers: readonly CallManager[];
  /** CallManager the phone sent Register to, last. */
  readonly asked: string | null;
  /** CallManager that acknowledged. */
  readonly acknowledgedBy: string | null;
  readonly keepaliveSeconds: number;
  /** TimeDateReq after the acknowledgement: registered. */
  readonly registered: Moment | null;
  readonly attempts: number;
  readonly keepalives: number;
  readonly lastKeepalive: Moment | null;
  /** The phone closed or unregistered since. */
  readonly isLost: boolean;
}

type State = StageState<RegistrationNotes>;

// ---- causes and next actions ---------------------------------------------------------------------------

const names = (list: readonly CallManager[]): string => list.map(({ name }) => name).join(', ');

const nobodyServes = (managers: readonly CallManager[]): Finding =>
  wentWrong(
    'network',
    `Every CallManager refused the phone: ${names(managers.filter(({ rank }) => rank !== null))}.`,
    'Check that the CallManager service runs and listens on TCP 2000 at the addresses in the plan.',
  );
const rejected = (name: string, text: string): Finding =>
  wentWrong(
    'config',
    `${name} rejected the registration${text === '' ? '' : `: “${text}”`}.`,
    'Add the device to the CallManager’s database (or allow auto-registration) and repeat.',
  );
const wrongName = (label: string, deviceName: string): Finding =>
  phoneFails(
    `The phone registers as ${deviceName}, its label says ${label}.`,
    'Compare label, CDP and DHCP in the report; erase the phone’s settings and repeat.',
  );
const outOfOrder = (chosen: CallManager, passed: readonly CallManager[]): Finding =>
  phoneFails(
    `The phone registered with ${chosen.name} and never tried ${names(passed)} of higher priority.`,
    'Compare the members and priorities in the configuration file with what the phone did.',
  );
const lost = phoneFails(
  'The phone gave its registration up and did not come back.',
  'Look in the report at what came before; repeat with a longer run.',
);

const overdue = ({ notes, plan }: State): Finding => {
  const { asked, acknowledgedBy, registered, keepalives, isLost, managers } = notes;
  const { keepalives: wanted, registrationMs } = plan.deadlines;
  const nameOf = (address: string) => findManager(managers, address)?.name ?? address;
  if (registered !== null && isLost) return lost;
  if (registered !== null)
    return phoneFails(
      `The phone registered and sent ${keepalives} of ${wanted} keepalives in time.`,
      'Look for a phone that hangs or restarts after registering; repeat with a longer run.',
    );
  if (acknowledgedBy !== null)
    return phoneFails(
      `The phone was acknowledged by ${nameOf(acknowledgedBy)} and did not finish registering (no TimeDateReq).`,
      'Compare its load with the CallManager’s version; reload the firmware.',
    );
  if (asked !== null)
    return wentWrong(
      'network',
      `The phone sent Register to ${nameOf(asked)} and was not answered.`,
      'Check the CallManager’s log for this device.',
    );
  const tried = managers.filter(({ state }) => state !== 'untried');
  if (tried.length > 0 && tried.every(({ state }) => state === 'refused' || state === 'closed'))
    return wentWrong(
      'network',
      `The phone tried ${names(tried)}, was refused, and went no further within ${registrationMs} ms.`,
      'Check that the CallManager service runs and listens on TCP 2000 at the addresses in the plan.',
    );
  if (tried.length > 0)
    return phoneFails(
      `The phone connected to ${names(tried)} and did not register.`,
      'Compare the phone’s protocol (SCCP or SIP) with the plan; reload the firmware.',
    );
  return phoneFails(
    `The phone has its configuration and tried no CallManager within ${registrationMs} ms.`,
    'Check the members in the configuration file; erase the phone’s settings and repeat.',
  );
};

// ---- what the wire shows -------------------------------------------------------------------------------

/** Keepalives come for hours; the first ones are evidence enough. */
const witnessUntilReached = (state: State, event: TimelineEvent): State =>
  state.reachedAtUs === null ? witness(state, event) : state;

const loseIfRegistered = (state: State, server: string): State =>
  state.notes.acknowledgedBy === server && state.notes.registered !== null ? note(state, { isLost: true }) : state;

const onTcp = (state: State, event: TimelineEvent, fact: FactOf<'tcp'>): State => {
  const { managers, acknowledgedBy } = state.notes;
  const set = (to: Parameters<typeof withState>[3]): State =>
    note(witnessUntilReached(state, event), { managers: withState(managers, fact.server, fact.port, to) });
  switch (fact.state) {
    case 'connecting':
      return findManager(managers, fact.server)?.state === 'registered' ? state : set('trying');
    case 'connected':
      return state;
    case 'refused':
      return whenAllRefused(set('refused'), event);
    case 'closed':
      // What the bench closes is the bench's doing; the phone will try again or the next one.
      if (acknowledgedBy === fact.server) return fact.from === 'phone' ? loseIfRegistered(state, fact.server) : state;
      return whenAllRefused(set('closed'), event);
  }
};

const whenAllRefused = (state: State, event: TimelineEvent): State =>
  state.notes.acknowledgedBy === null && allRefused(state.notes.managers)
    ? conclude(state, nobodyServes(state.notes.managers), event)
    : state;

const onRegistered = (state: State, event: TimelineEvent, server: string): State => {
  const { notes } = state;
  if (notes.registered !== null && !notes.isLost) return state;
  const managers = withState(notes.managers, server, 0, 'registered');
  const attempts = managers.filter(
    ({ address, state: became }) => address === server || became === 'refused' || became === 'closed',
  ).length;
  const registered = notes.registered ?? { atUs: event.atUs, seq: event.seq };
  const done = note(witness(state, event), { managers, attempts, registered, isLost: false });
  const passed = passedOver(managers, server);
  const chosen = findManager(managers, server);
  return passed.length > 0 && chosen !== undefined ? conclude(done, outOfOrder(chosen, passed), event) : done;
};

const onSccp = (state: State, event: TimelineEvent, fact: FactOf<'sccp'>): State => {
  const { notes, plan } = state;
  const { server, fields } = fact;
  switch (`${fact.from} ${fact.message}`) {
    case 'phone Register': {
      const asked = note(witnessUntilReached(state, event), { asked: server });
      const label = plan.phone.deviceId;
      const { deviceName } = fields;
      return label !== null && typeof deviceName === 'string' && deviceName !== '' && deviceName !== label
        ? conclude(asked, wrongName(label, deviceName), event)
        : asked;
    }
    case 'bench RegisterAck': {
      const seconds = fields.keepaliveSeconds;
      const keepaliveSeconds = typeof seconds === 'number' ? seconds : notes.keepaliveSeconds;
      return note(witnessUntilReached(state, event), { acknowledgedBy: server, keepaliveSeconds });
    }
    case 'bench RegisterReject': {
      const name = findManager(notes.managers, server)?.name ?? server;
      return conclude(state, rejected(name, String(fields.text ?? '').trim()), event);
    }
    case 'phone TimeDateReq':
      return notes.acknowledgedBy === server ? onRegistered(state, event, server) : state;
    case 'phone KeepAlive': {
      if (notes.registered === null || notes.acknowledgedBy !== server || notes.isLost) return state;
      const lastKeepalive = { atUs: event.atUs, seq: event.seq };
      return note(witnessUntilReached(state, event), { keepalives: notes.keepalives + fact.count, lastKeepalive });
    }
    case 'phone Unregister':
      return loseIfRegistered(witnessUntilReached(state, event), server);
    default:
      return state;
  }
};

const next = (state: State, event: TimelineEvent): State => {
  const { fact } = event;
  switch (fact.kind) {
    case 'tftp-end':
      // The order of CallManagers is the one the phone was told last, before it tried any.
      return fact.config === null || state.notes.managers.some((manager) => manager.state !== 'untried')
        ? state
        : note(state, { managers: membersOf(state.plan, fact.config) });
    case 'tcp':
      return onTcp(state, event, fact);
    case 'sccp':
      return onSccp(state, event, fact);
    default:
      return state;
  }
};

export const registrationJudge = defineJudge<RegistrationNotes>({
  stage: 'registration',
  start: (plan) => ({
    managers: membersOf(plan, null),
    asked: null,
    acknowledgedBy: null,
    keepaliveSeconds: plan.sccp.keepaliveSeconds,
    registered: null,
    attempts: 0,
    keepalives: 0,
    lastKeepalive: null,
    isLost: false,
  }),
  next,
  goal: ({ notes, plan }, beganAtUs) => {
    const { registered, keepalives, attempts, isLost, lastKeepalive } = notes;
    if (registered === null || isLost || keepalives < plan.deadlines.keepalives) return null;
    const last = lastKeepalive ?? registered;
    return {
      atUs: last.atUs,
      measurements: [
        measurementOf(plan, 'registration.registeredMs', msSince(beganAtUs, registered.atUs), registered.seq),
        measurementOf(plan, 'registration.attempts', attempts, registered.seq),
        measurementOf(plan, 'registration.keepalives', keepalives, last.seq),
      ],
    };
  },
  deadlineUs: ({ notes, plan, reachedAtUs }, beganAtUs) => {
    const { registered, keepaliveSeconds } = notes;
    if (reachedAtUs !== null) return null;
    const allowed = usFromMs(plan.deadlines.registrationMs);
    if (registered === null) return beganAtUs + allowed;
    // Keepalives take their own time, and as much grace as registering had.
    const waits = usFromMs(plan.deadlines.keepalives * keepaliveSeconds * 1000);
    return Math.max(beganAtUs, registered.atUs) + waits + allowed;
  },
  overdue,
  finish: (state, event) => (state.reachedAtUs !== null && state.notes.isLost ? conclude(state, lost, event) : state),
  summary: ({ notes }) => {
    const chosen = findManager(notes.managers, notes.acknowledgedBy ?? '')?.name ?? 'a CallManager';
    const refused = notes.managers.filter(({ state }) => state === 'refused' || state === 'closed');
    const failover = refused.length === 0 ? '' : ` after ${names(refused)} refused`;
    return `Registered with ${chosen}${failover}; ${notes.keepalives} keepalive${notes.keepalives === 1 ? '' : 's'} seen.`;
  },
});
