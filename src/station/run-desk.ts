/**
 * Who runs what on which port, and what viewers may see of it: wraps a runner so that every run, whoever asked for it, is
 * told to all who listen. Messages are numbered; whoever comes back with a number gets what came after it.
 */
import type { Runner, RunOutcome, RunRequest, RunStarted, RunWatcher, SharedWait } from '../bench/runner.js';
import { BenchError, type Blame } from '../errors.js';
import type { RunRecord } from '../records/record.js';
import type { StageResult } from '../stages/judge.js';
import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { type LeaseNote, type Leases, leasesView, type ThingView } from './leases.js';
import type { PlanSetView } from './plan-sets.js';
import type { PortLockNote, PortLocks } from './port-locks.js';
import { holdForRun } from './run-holds.js';

/** What of a record a viewer needs at once; the rest is behind its id. */
export type RunSummary = Pick<
  RunRecord,
  | 'runId'
  | 'port'
  | 'startedAt'
  | 'durationMs'
  | 'verdict'
  | 'blame'
  | 'exitCode'
  | 'cause'
  | 'interruptedBy'
  | 'nextAction'
  | 'phone'
  | 'stages'
  | 'prompts'
  | 'attempt'
  | 'limited'
  | 'golden'
> & {
  /** What the scanner read. */
  readonly serial: string | null;
};

/** Why a run came to no record. */
export interface RunFailure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly blame: Blame;
  /** What the scanner read. */
  readonly serial: string | null;
  readonly labelMac: string | null;
}

export type DeskNews =
  | {
      readonly kind: 'run-started';
      readonly port: string;
      readonly run: RunStarted;
      readonly serial: string | null;
      readonly labelMac: string | null;
    }
  /** `stages` only where they have changed. */
  | {
      readonly kind: 'event';
      readonly port: string;
      readonly runId: string;
      readonly event: TimelineEvent;
      readonly stages?: readonly StageResult[];
    }
  /** `again`: another attempt of the same phone follows. */
  | {
      readonly kind: 'run-ended';
      readonly port: string;
      readonly runId: string;
      readonly summary: RunSummary;
      readonly again?: true;
    }
  /** Reserved, for longer than before, or free again (null). */
  | { readonly kind: 'port-lease'; readonly port: string; readonly lease: LeaseNote | null }
  /** Who has the shared things of the bench, and who waits. */
  | { readonly kind: 'shared'; readonly shared: readonly ThingView[] }
  /** A run has not begun: it waits for a shared thing. */
  | ({ readonly kind: 'run-waiting'; readonly port: string } & SharedWait)
  /** Another plan set is in force, or one was refused. */
  | { readonly kind: 'plan-set'; readonly planSet: PlanSetView }
  /** Locked, or unlocked (null). */
  | { readonly kind: 'port-lock'; readonly port: string; readonly lock: PortLockNote | null }
  /** The run came to no record. */
  | ({ readonly kind: 'run-failed'; readonly port: string } & RunFailure);

export interface DeskMessage {
  readonly id: number;
  readonly news: DeskNews;
}

/** Why a phone is not powered yet; `atUs`: when it began to wait. */
export type SupplyWait = Omit<FactOf<'supply-wait'>, 'kind'> & { readonly atUs: number };
export type OpenPrompt = Omit<FactOf<'prompt'>, 'kind'> & { readonly atUs: number };

export interface PortView {
  readonly port: string;
  readonly running: {
    readonly run: RunStarted;
    readonly serial: string | null;
    readonly labelMac: string | null;
    readonly stages: readonly StageResult[];
    /** What the operator is asked just now. */
    readonly prompt: OpenPrompt | null;
    /** Its supply feeds others just now. */
    readonly supplyWait: SupplyWait | null;
  } | null;
  /** Newest last; of the run that is on, else of the last one. */
  readonly events: readonly TimelineEvent[];
  readonly last: RunSummary | null;
  /** Of the newest attempt, where it came to no record: `last` is older then. */
  readonly failed: RunFailure | null;
  /** Why nobody may arm it until an engineer has looked; null: it may be. */
  readonly lock: PortLockNote | null;
  /** Who alone may start a run here, and until when. */
  readonly lease: LeaseNote | null;
  /** What a run waits for before it begins. */
  readonly waiting: SharedWait | null;
}

export interface DeskView {
  /** Everything up to this message is in the view. */
  readonly id: number;
  readonly ports: readonly PortView[];
  readonly shared: readonly ThingView[];
  /** null: this station tests by plans of its own. */
  readonly planSet: PlanSetView | null;
}

export interface RunDesk extends Runner {
  view(): DeskView;
  /** What came after message `id`; undefined: so long ago that a fresh `view` is needed. */
  after(id: number): readonly DeskMessage[] | undefined;
  onMessage(listener: (message: DeskMessage) => void): () => void;
  /** Power off first, then the record. False: nothing runs there. */
  abort(port: string, reason: string): boolean;
  /** The same, and waits for the record; whoever asked for the run. */
  stop(port: string, reason: string): Promise<boolean>;
}

const messagesKept = 4_000;
const eventsKept = 400;

interface Seat {
  running: PortView['running'];
  events: TimelineEvent[];
  last: RunSummary | null;
  failed: RunFailure | null;
  abort: AbortController | null;
  waiting: SharedWait | null;
}

const summaryOf = (record: RunRecord, serial: string | null): RunSummary => {
  const { runId, port, startedAt, durationMs, verdict, blame, exitCode, cause, nextAction, interruptedBy } = record;
  const { phone, stages, prompts = [], limited, attempt = null, golden = null } = record;
  return {
    ...{ runId, port, startedAt, durationMs, verdict, blame, exitCode, cause, nextAction, interruptedBy },
    ...{ phone, stages, prompts, limited, serial, attempt, golden },
  };
};

/** Verdict, words and number of measurements: enough to see a change without comparing everything. */
export const signatureOf = (stages: readonly StageResult[]): string =>
  stages
    .map(({ verdict, cause, measurements, endedAtUs }) => `${verdict}${cause}${measurements.length}${endedAtUs}`)
    .join('|');

/** Who ended a run before it began has its reason told, and nobody has failed. */
const knownError = (error: unknown, ending: AbortSignal): BenchError => {
  if (error instanceof BenchError) return error;
  if (ending.aborted && error === ending.reason)
    return new BenchError('INTERRUPTED', String(ending.reason), { cause: error });
  return new BenchError('INTERNAL', String(error), { cause: error });
};

/** A question is open until its answer, or until power goes off. */
const promptAfter = (before: OpenPrompt | null, { fact, atUs }: TimelineEvent): OpenPrompt | null => {
  if (fact.kind === 'prompt') {
    const { kind: _, ...prompt } = fact;
    return prompt.isAnswerable ? { ...prompt, atUs } : null;
  }
  const isOver = fact.kind === 'prompt-answer' || fact.kind === 'power-off' || fact.kind === 'end';
  return isOver ? null : before;
};

const supplyWaitAfter = (before: SupplyWait | null, { fact, atUs }: TimelineEvent): SupplyWait | null => {
  if (fact.kind === 'supply-wait') {
    const { kind: _, ...wait } = fact;
    return { ...wait, atUs };
  }
  return fact.kind === 'supply-granted' || fact.kind === 'interrupted' || fact.kind === 'end' ? null : before;
};

/** `hasPage`: somebody looks at the station's page and can answer. `locks`: of the ports, told where they change. `firstId`: above all numbers of the station's process before this one, so that whoever resumes with an old one is told. */
export const createRunDesk = (
  runner: Runner,
  {
    firstId = 0,
    hasPage = false,
    locks,
    leases,
    shared = [],
    needs = () => [],
    planSets,
  }: {
    readonly firstId?: number;
    readonly hasPage?: boolean;
    readonly locks?: Pick<PortLocks, 'of' | 'onChange'>;
    readonly leases: Leases;
    /** Names of the bench file. */
    readonly shared?: readonly string[];
    needs?(request: RunRequest): readonly string[];
    readonly planSets?: { view(): PlanSetView; onChange(listener: () => void): void } | undefined;
  },
): RunDesk => {
  const seats = new Map<string, Seat>(
    runner.ports.map((port) => [
      port,
      { running: null, events: [], last: null, failed: null, abort: null, waiting: null },
    ]),
  );
  const listeners = new Set<(message: DeskMessage) => void>();
  const messages: DeskMessage[] = [];
  let id = firstId;

  const tell = (news: DeskNews) => {
    id += 1;
    const message = { id, news };
    messages.push(message);
    if (messages.length > messagesKept) messages.splice(0, messages.length - messagesKept);
    for (const listener of [...listeners]) listener(message);
  };

  const lockOf = (port: string) => locks?.of(port) ?? null;
  planSets?.onChange(() => tell({ kind: 'plan-set', planSet: planSets.view() }));
  locks?.onChange((port) => tell({ kind: 'port-lock', port, lock: lockOf(port) }));

  /** A run that goes on is seen anyway. */
  const leaseOf = (port: string): LeaseNote | null => {
    const lease = leases.of({ kind: 'port', name: port });
    return lease === undefined || lease.endsUs === null ? null : leases.note(lease);
  };
  const sharedNow = () => leasesView(leases, 'shared', shared);
  leases.onChange(({ what, lease: { thing, forMs } }) => {
    if (thing.kind === 'shared') tell({ kind: 'shared', shared: sharedNow() });
    else if (forMs !== null && what !== 'waiting')
      tell({ kind: 'port-lease', port: thing.name, lease: leaseOf(thing.name) });
  });

  const run = async (request: RunRequest, watcher: RunWatcher, signal: AbortSignal): Promise<RunOutcome> => {
    const { port } = request;
    const seat = seats.get(port);
    if (seat === undefined) throw new BenchError('PORT_UNKNOWN', `"${port}"; there are: ${runner.ports.join(', ')}`);
    if (seat.abort !== null) throw new BenchError('PORT_BUSY', `${port} runs a phone already`);
    const holds = holdForRun(leases, request, needs(request));
    const abort = new AbortController();
    seat.abort = abort;
    const { serial = null, labelMac = null } = request;
    let signature = '';
    let runId = '';
    const ending = AbortSignal.any([signal, abort.signal]);
    try {
      await holds.takeNeeds(ending, (wait) => {
        seat.waiting = wait;
        tell({ kind: 'run-waiting', port, ...wait });
        watcher.waiting?.(wait);
      });
      seat.waiting = null;
      const outcome = await runner.run(
        { ...request, isAttended: hasPage || request.isAttended === true },
        {
          started: (started) => {
            runId = started.runId;
            seat.running = { run: started, serial, labelMac, stages: [], prompt: null, supplyWait: null };
            seat.events = [];
            signature = '';
            seat.failed = null;
            tell({ kind: 'run-started', port, run: started, serial, labelMac });
            watcher.started(started);
          },
          event: (event, results) => {
            const stages = results();
            const now = signatureOf(stages);
            seat.events.push(event);
            if (seat.events.length > eventsKept) seat.events.shift();
            if (seat.running !== null)
              seat.running = {
                ...seat.running,
                stages,
                prompt: promptAfter(seat.running.prompt, event),
                supplyWait: supplyWaitAfter(seat.running.supplyWait, event),
              };
            tell({ kind: 'event', port, runId, event, ...(now === signature ? {} : { stages }) });
            signature = now;
            watcher.event(event, results);
          },
          again: (outcome) => {
            seat.last = summaryOf(outcome.record, serial);
            tell({ kind: 'run-ended', port, runId: outcome.record.runId, summary: seat.last, again: true });
            watcher.again?.(outcome);
          },
        },
        ending,
      );
      seat.last = summaryOf(outcome.record, serial);
      tell({ kind: 'run-ended', port, runId: outcome.record.runId, summary: seat.last });
      return outcome;
    } catch (error) {
      const known = knownError(error, ending);
      const { code, message, remedy, blame } = known;
      seat.failed = { code, message, remedy, blame, serial, labelMac };
      // What is kept is of the phone before where this one never began.
      if (seat.running === null) seat.events = [];
      tell({ kind: 'run-failed', port, ...seat.failed });
      throw known;
    } finally {
      seat.running = null;
      seat.waiting = null;
      seat.abort = null;
      holds.giveBack();
    }
  };

  const abort = (port: string, reason: string): boolean => {
    const seat = seats.get(port);
    if (seat?.abort == null) return false;
    seat.abort.abort(reason);
    return true;
  };

  const stop: RunDesk['stop'] = (port, reason) =>
    new Promise((resolve) => {
      const heard = ({ news }: DeskMessage) => {
        const isEnd = news.kind === 'run-failed' || (news.kind === 'run-ended' && news.again !== true);
        if (!isEnd || news.port !== port) return;
        listeners.delete(heard);
        resolve(true);
      };
      listeners.add(heard);
      if (abort(port, reason)) return;
      listeners.delete(heard);
      resolve(false);
    });
  leases.onEnding(async ({ thing, owner, purpose }, why) => {
    const whose = `the reservation of ${owner}${purpose === '' ? '' : ` (${purpose})`}`;
    if (thing.kind === 'port') await stop(thing.name, `${whose} ended: ${why}`);
  });

  return {
    ports: runner.ports,
    run,
    answer: (port, given) => runner.answer(port, given),
    recoverCutRuns: () => runner.recoverCutRuns(),
    view: () => ({
      id,
      ports: [...seats].map(([port, { running, events, last, failed, waiting }]) => ({
        ...{ port, running, events: [...events], last, failed, lock: lockOf(port), lease: leaseOf(port), waiting },
      })),
      shared: sharedNow(),
      planSet: planSets?.view() ?? null,
    }),
    after: (from) => {
      const oldest = messages[0]?.id ?? id + 1;
      if (from > id || from < oldest - 1) return undefined;
      return messages.filter((message) => message.id > from);
    },
    onMessage: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    abort,
    stop,
  };
};
