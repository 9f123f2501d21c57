import type { Plan } from '../plan/plan.js';
import { type CallManager, findManager } from './call-managers.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';
import type { RegistrationNotes, Wait } from './registration-notes.js';

/** Causes and next actions of the stage. */
const names = (list: readonly CallManager[]): string => list.map(({ name }) => name).join(', ');

export const nobodyServes = (managers: readonly CallManager[]): Finding =>
  wentWrong(
    'network',
    `Every CallManager refused the phone: ${names(managers.filter(({ rank }) => rank !== null))}.`,
    'Check that the CallManager service runs and listens at the addresses and ports in the plan.',
  );
export const rejected = (name: string, text: string): Finding =>
  wentWrong(
    'config',
    `${name} rejected the registration${text === '' ? '' : `: “${text}”`}.`,
    'Add the device to the CallManager’s database (or allow auto-registration) and repeat.',
  );
export const wrongName = (label: string, deviceName: string): Finding =>
  phoneFails(
    `The phone registers as ${deviceName}, its label says ${label}.`,
    'Compare label, CDP and DHCP in the report; erase the phone’s settings and repeat.',
  );
export const outOfOrder = (chosen: CallManager, passed: readonly CallManager[]): Finding =>
  phoneFails(
    `The phone registered with ${chosen.name} and never tried ${names(passed)} of higher priority.`,
    'Compare the members and priorities in the configuration file with what the phone did.',
  );
export const otherLoad = (wanted: string, running: string): Finding =>
  phoneFails(
    `Told to start again, the phone came back with load ${running} instead of ${wanted}.`,
    'Look in the report whether it fetched the new image whole; repeat the run.',
  );
const loadNotTold = (wanted: string, announceMs: number): Finding =>
  phoneFails(
    `The phone came back and told no load within ${announceMs} ms: nobody can say that it runs ${wanted}.`,
    'Look in the report at its CDP and LLDP; where it speaks slower than the plan allows, raise change.announce.',
  );
export const sameStamp = (stamp: string): Finding =>
  wentWrong(
    'config',
    `The changed configuration carries the version stamp it had before (${stamp}): a phone need not apply it.`,
    'Have the server of the configuration write a new versionStamp with every change.',
  );
export const lost = phoneFails(
  'The phone gave its registration up and did not come back.',
  'Look in the report at what came before; repeat with a longer run.',
);

const benchDidNot = (what: string): Finding =>
  wentWrong('bench', `The bench was to ${what} and did not.`, 'Run it again; if it stays, report it.');

const notRegistered = ({ notes, plan }: { notes: RegistrationNotes; plan: Plan }): Finding => {
  const { asked, acknowledgedBy, managers } = notes;
  const { registrationMs } = plan.deadlines;
  const nameOf = (address: string) => findManager(managers, address)?.name ?? address;
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
      'Check that the CallManager service runs and listens at the addresses and ports in the plan.',
    );
  const reached = tried.filter(({ state }) => state === 'trying');
  if (tried.length > 0 && reached.length === 0)
    return wentWrong(
      'network',
      `The phone looked for ${names(tried)} and nobody answered within ${registrationMs} ms.`,
      'Check that the CallManager is up, and the way to it: address, mask, router, VLAN.',
    );
  if (tried.length > 0)
    return phoneFails(
      `The phone connected to ${names(reached)} and did not register.`,
      'Compare the phone’s protocol (SCCP or SIP) with the plan; reload the firmware.',
    );
  return phoneFails(
    `The phone has its configuration and tried no CallManager within ${registrationMs} ms.`,
    'Check the members in the configuration file; erase the phone’s settings and repeat.',
  );
};

const noFailover = ({ managers, lost }: RegistrationNotes): Finding => {
  const others = managers.filter(({ rank, address }) => rank !== null && address !== lost?.server);
  if (others.length > 0 && others.every(({ state }) => state === 'refused' || state === 'closed'))
    return nobodyServes(managers);
  const what = lost?.why === 'closed' ? 'closed the connection' : 'left keepalives unanswered';
  const name = findManager(managers, lost?.server ?? '')?.name ?? lost?.server;
  return phoneFails(
    `${name} ${what}, and the phone did not register with another CallManager.`,
    'Check that the configuration file names more than one CallManager; repeat the run.',
  );
};

const noKeepalives = ({ notes, plan }: { notes: RegistrationNotes; plan: Plan }): Finding => {
  const { keepalives, answered, managers, newest, answersKeepalives } = notes;
  const { keepalives: wanted } = plan.deadlines;
  if (keepalives < wanted || !answersKeepalives)
    return phoneFails(
      `The phone registered and sent ${keepalives} of ${wanted} keepalives in time.`,
      'Look for a phone that hangs or restarts after registering; repeat with a longer run.',
    );
  const name = findManager(managers, newest?.server ?? '')?.name ?? 'The CallManager';
  const action = 'Check the CallManager’s load and its log for this device.';
  const told = `${name} answered ${answered} of ${keepalives} keepalives`;
  return keepalives - answered >= 3 && managers.filter(({ rank }) => rank !== null).length > 1
    ? phoneFails(`${told}, and the phone did not go to another CallManager.`, action)
    : wentWrong('network', `${told}.`, action);
};

/** What it means that the time for `wait` is over. */
export const overdueFinding = (wait: Wait | null, state: { notes: RegistrationNotes; plan: Plan }): Finding => {
  const { notes } = state;
  const nameOf = (address: string | undefined) => findManager(notes.managers, address ?? '')?.name ?? 'a CallManager';
  switch (wait?.what) {
    case 'registration':
      return notRegistered(state);
    case 'death':
      return benchDidNot('let a CallManager die');
    case 'revival':
      return benchDidNot('bring a CallManager back');
    case 'order':
      return benchDidNot('tell the phone to start again');
    case 'failover':
      return noFailover(notes);
    case 'fallback':
      return phoneFails(
        `${nameOf(notes.deaths.find(({ back }) => back !== null)?.server)} serves again, and the phone did not go back to it.`,
        'A phone looks after its better CallManager with every standby keepalive; repeat with a longer run.',
      );
    case 'refetch':
      return phoneFails(
        `The phone was told to ${notes.order?.kind ?? 'start again'} and did not fetch its configuration again.`,
        'Repeat the run; if it stays, reload the firmware.',
      );
    case 'return':
      return phoneFails(
        'The phone fetched its changed configuration and did not register again.',
        'Compare the changed configuration with the CallManagers and loads the phone knows.',
      );
    case 'announcement':
      return loadNotTold(state.plan.change?.load ?? '?', state.plan.change?.announceMs ?? 0);
    case 'comeback':
      return lost;
    default:
      return noKeepalives(state);
  }
};
