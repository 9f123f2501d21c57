/** How a port stands, and what its operator does now. Pure but for the language in use. */
import { language, t } from './texts.js';

/** Reserved, and what stands there is no verdict of a phone in the operator's hands: they read theirs whoever comes next. */
const isReserved = ({ lease, last, failed }) =>
  lease !== null && failed === null && (last === null || last.startedAt >= lease.since);

/**
 * idle, running, waiting (for a shared thing), asking (the operator), pass, marginal, fail, bench (do not bin the phone),
 * refused (what was scanned is no label of this plan: nothing was powered), reserved (for somebody elsewhere) or locked.
 */
export const standingOf = (port) => {
  const { running, waiting, last, failed, lock } = port;
  if (running !== null) return running.prompt === null ? 'running' : 'asking';
  if (waiting !== null) return 'waiting';
  if (lock !== null) return 'locked';
  if (isReserved(port)) return 'reserved';
  if (failed !== null) return failed.code === 'LABEL_REFUSED' ? 'refused' : 'bench';
  if (last === null) return 'idle';
  return last.verdict === 'error' ? 'bench' : last.verdict;
};

/** What is being done now: the first stage that is not decided, of a run that goes on; null: nothing, or every stage is. */
export const stageNow = ({ running }) => {
  if (running === null) return null;
  if (running.stages.length === 0) return 'power';
  return running.stages.find(({ verdict }) => verdict === 'not-reached')?.stage ?? null;
};

export const stageWord = (port) =>
  t(`stage.${port.running?.supplyWait != null ? 'supply' : (stageNow(port) ?? 'ending')}`);

const mostNames = 2;
/** Whom a port waits for that shares its supply; empty: it does not wait. */
export const supplyWords = ({ running }) => {
  if (running?.supplyWait == null) return '';
  const ports = [...running.supplyWait.holders, ...running.supplyWait.ahead];
  const shown = ports.length > mostNames ? [...ports.slice(0, mostNames), '…'] : ports;
  return t('supply.after', { ports: shown.join(', ') });
};

/** `12:30`, with the day where it is another one. */
const timeOf = (moment) => {
  const date = new Date(moment);
  const day = date.toDateString() === new Date().toDateString() ? {} : { month: 'numeric', day: 'numeric' };
  return date.toLocaleString(language(), { ...day, hour: '2-digit', minute: '2-digit' });
};

const whoHas = ({ owner, purpose, until }) => ({
  owner: purpose === '' ? owner : `${owner} (${purpose})`,
  until: until === null ? '' : timeOf(until),
});

/** For whom a port is reserved; empty: for nobody. */
export const leaseWords = ({ lease }) => (lease === null ? '' : t('reserved.for', whoHas(lease)));

/** What a run waits for before it begins, and who has it. */
export const waitWords = ({ waiting }) => {
  const { owner, until } = whoHas(waiting);
  return t(until === '' ? 'shared.waits' : 'shared.waitsUntil', { shared: waiting.shared, owner, until });
};

/** Shared things that somebody has: `label-printer: ana 12:30`. */
export const sharedWords = (shared) =>
  shared
    .filter(({ lease }) => lease !== null)
    .map(({ name, lease }) => {
      const { owner, until } = whoHas(lease);
      return `${name}: ${owner}${until === '' ? '' : ` → ${until}`}`;
    })
    .join('   ');

/** The phone that it is about, as far as somebody knows. */
export const unitOf = ({ running, last, failed }) => {
  if (running !== null) return running.serial ?? running.labelMac ?? '';
  if (failed !== null) return failed.serial ?? failed.labelMac ?? '';
  return [last?.serial, last?.phone.deviceId ?? last?.phone.mac].filter(Boolean).join(' · ');
};

/** Errors that an operator can do something about, or should name to the engineer; others go by who is to blame. */
const knownFailures = {
  GOLDEN_DUE: 'golden',
  GOLDEN_FAILED: 'golden',
  DISK_RESERVE: 'disk',
  BOARD_NOT_FOUND: 'board',
  BOARD_SILENT: 'board',
  BOARD_LOST: 'board',
  PLAN_INVALID: 'plan',
};

const isUnanswered = ({ prompts = [] }) =>
  prompts.some(({ verdict, answer }) => verdict === 'error' && answer === null);
const isAnsweredBadly = ({ prompts = [] }) =>
  prompts.some(({ verdict, answer }) => verdict === 'error' && answer !== null);

/** Somebody ended the run: nothing is wrong with the bench, and nothing is known of the phone. */
export const isStopped = ({ last, failed }) =>
  failed === null ? last?.interruptedBy != null : failed.code === 'INTERRUPTED';

const actionOf = (standing, { last, failed }) => {
  if (standing !== 'bench') return t(`action.${standing}`);
  if (isStopped({ last, failed })) return t('action.stopped');
  if (failed !== null) {
    const known = knownFailures[failed.code];
    return known === undefined ? t(`action.${failed.blame}`) : t(`failure.${known}`);
  }
  if (isUnanswered(last)) return t('action.unanswered');
  if (last.blame === 'operator' && isAnsweredBadly(last)) return t('action.answered');
  return t(`action.${last.blame ?? 'bench'}`);
};

/** `action`: in the operator's language; `cause` and `detail` in the judge's own words, which are English. */
export const sayingOf = (port) => {
  const standing = standingOf(port);
  const { last, failed, lock } = port;
  const action = actionOf(standing, port);
  if (standing === 'locked') return { action, cause: `${lock.code}: ${last?.cause ?? lock.runId}`, detail: '' };
  if (failed !== null) return { action, cause: failed.message, detail: standing === 'refused' ? '' : failed.remedy };
  return { action, cause: standing === 'pass' ? '' : last.cause, detail: last.nextAction };
};

/** A pass later than at first is a class of its own; empty: it was the first attempt, or the plan gives no other. */
export const attemptWords = ({ running, last, failed, lock }) => {
  if (running !== null) {
    const { attempt } = running.run;
    return attempt == null ? '' : t('attempt.now', { number: attempt.number, of: attempt.of });
  }
  if (failed !== null || lock !== null || last?.attempt == null || last.attempt.number === 1) return '';
  const isGood = last.verdict === 'pass' || last.verdict === 'marginal';
  return t(isGood ? 'attempt.late' : 'attempt.last', { number: last.attempt.number });
};
