/** A station elsewhere as a runner: what it tells comes in the same order and the same words as from a port of one's own. */
import type { Runner, RunOutcome, RunRequest, RunStarted, RunWatcher } from '../../bench/runner.js';
import { BenchError, type ErrorCode, errorTable, isBenchError } from '../../errors.js';
import type { RunRecord } from '../../records/record.js';
import type { StageResult } from '../../stages/judge.js';
import type { Clock } from '../../timeline/clock.js';
import type { TimelineEvent } from '../../timeline/events.js';
import { sleep } from '../../timeline/wait.js';
import type { DeskNews, DeskView, PortView, RunFailure } from '../run-desk.js';
import { readEvents } from './event-reader.js';
import { isUnreachable, persistently, within } from './remote-lease.js';
import type { StationApi } from './station-api.js';

export interface RemoteParts {
  readonly api: StationApi;
  readonly clock: Clock;
  readonly lease: { readonly id: string; readonly endsUs: number };
  /** Ends the run at once: power off first. Called when the run's signal aborts. */
  stop(): Promise<unknown>;
  /** The line to the station was lost, and came back. */
  onLine(text: string): void;
}

/** A station that is away ends the run when the lease does; it may be back a little later, with the record. */
const afterTheLeaseUs = 15_000_000;
const stopWithinMs = 45_000;
const againAfterMs = 1_000;

const failure = ({ code, message, remedy }: Pick<RunFailure, 'code' | 'message' | 'remedy'>): BenchError => {
  const known: ErrorCode = code in errorTable ? (code as ErrorCode) : 'INTERNAL';
  const meaning = `${errorTable[known].meaning}: `;
  return new BenchError(known, message.startsWith(meaning) ? message.slice(meaning.length) : message, { remedy });
};

/** What of one run has been told, so that after a gap nothing comes twice and nothing is left out. */
const createTeller = (parts: RemoteParts, port: string, watcher: RunWatcher, isWorthIt: () => boolean) => {
  const { api, clock } = parts;
  let runId: string | null = null;
  let lastSeq = 0;
  let stages: readonly StageResult[] = [];
  const ask = (path: string) => persistently(clock, () => api.ask('GET', path), isWorthIt);
  const folderOf = (id: string) => new URL(`/api/v1/runs/${id}`, api.base).href;

  const started = (run: RunStarted) => {
    runId = run.runId;
    lastSeq = 0;
    stages = [];
    // Folder and simulated bench are on another machine.
    watcher.started({ ...run, folder: folderOf(run.runId), simulator: null });
  };
  const event = (each: TimelineEvent) => {
    if (each.seq <= lastSeq) return;
    lastSeq = each.seq;
    watcher.event(each, () => stages);
  };
  const outcomeOf = async (id: string): Promise<RunOutcome> => ({
    record: (await ask(`/runs/${id}`)) as RunRecord,
    folder: folderOf(id),
  });
  const stored = async (id: string) => {
    const text = String(await ask(`/runs/${id}/timeline.ndjson`));
    for (const line of text.split('\n')) if (line.startsWith('{"seq"')) event(JSON.parse(line) as TimelineEvent);
  };

  return {
    get hasBegun() {
      return runId !== null;
    },
    /** An outcome: the last attempt is over. Throws BenchError: the run came to no record. */
    hear: async (news: DeskNews): Promise<RunOutcome | undefined> => {
      if (news.kind === 'run-waiting') watcher.waiting?.(news);
      if (news.kind === 'run-started') started(news.run);
      if (news.kind === 'event') {
        stages = news.stages ?? stages;
        event(news.event);
      }
      if (news.kind === 'run-failed') throw failure(news);
      if (news.kind !== 'run-ended') return undefined;
      const outcome = await outcomeOf(news.runId);
      if (news.again !== true) return outcome;
      watcher.again?.(outcome);
      return undefined;
    },
    /** Messages are missing: told from the station's disk and from its view. Returns the view's number, and an outcome as above. */
    catchUp: async (before: PortView): Promise<{ readonly id: number; readonly outcome?: RunOutcome }> => {
      const view = (await ask('/view')) as DeskView;
      const now = view.ports.find((each) => each.port === port);
      const running = now?.running ?? null;
      const missed = runId ?? (now?.last?.runId === before.last?.runId ? null : (now?.last?.runId ?? null));
      if (missed !== null && running?.run.runId !== missed) {
        await stored(missed);
        const outcome = await outcomeOf(missed);
        if (running === null) return { id: view.id, outcome };
        watcher.again?.(outcome);
      }
      if (running === null && now?.failed != null) throw failure(now.failed);
      if (running !== null) {
        if (running.run.runId !== runId) started(running.run);
        stages = running.stages;
        await stored(running.run.runId);
        for (const each of now?.events ?? []) event(each);
      }
      return { id: view.id };
    },
  };
};

export const createRemoteRunner = (parts: RemoteParts, ports: readonly string[]): Runner => {
  const { api, clock, lease } = parts;
  const isWorthIt = () => clock.nowUs() < lease.endsUs + afterTheLeaseUs;

  /** Resolves when the station says that the run goes on. Only the lease's holder begins one: a port that is busy is ours. */
  const begin = async (
    { port, planPath, serial, labelMac }: RunRequest,
    hasBegun: () => boolean,
    signal: AbortSignal,
  ) => {
    const label = { ...(serial == null ? {} : { serial }), ...(labelMac == null ? {} : { labelMac }) };
    for (let tries = 1; !hasBegun(); tries += 1) {
      try {
        await api.ask('POST', `/ports/${port}/run`, {
          body: { plan: planPath, lease: lease.id, ...label },
          withinMs: null,
          signal,
        });
        return;
      } catch (error) {
        if (tries > 1 && isBenchError(error) && error.code === 'PORT_BUSY') return;
        if (!isUnreachable(error) || !isWorthIt()) throw error;
        await sleep(clock, againAfterMs, signal);
      }
    }
  };

  const run = async (request: RunRequest, watcher: RunWatcher, signal: AbortSignal): Promise<RunOutcome> => {
    const { port } = request;
    let isHurried = () => true;
    const teller = createTeller(parts, port, watcher, () => isWorthIt() && isHurried());
    const view = (await api.ask('GET', '/view')) as DeskView;
    const before = view.ports.find((each) => each.port === port);
    if (before === undefined) throw new BenchError('PORT_UNKNOWN', `"${port}"; there are: ${ports.join(', ')}`);
    const over = new AbortController();
    const onAbort = () => {
      isHurried = within(clock, stopWithinMs);
      parts.stop().catch((error) => over.abort(error));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      begin(request, () => teller.hasBegun, over.signal).catch((error) => over.abort(error));
      let told = view.id;
      const messages = readEvents({
        ...{ api, clock, after: told, signal: over.signal },
        onLost: (why) => parts.onLine(`the line to the station is lost (${why}); trying again`),
        onBack: () => parts.onLine('the line to the station is back; nothing was missed'),
        isWorthIt: () => isWorthIt() && isHurried(),
      });
      for await (const { id, news } of messages) {
        if (news.kind === 'reset') {
          const { id: seen, outcome } = await teller.catchUp(before);
          told = seen;
          if (outcome !== undefined) return outcome;
        }
        if (id <= told || !('port' in news) || news.port !== port) continue;
        const outcome = await teller.hear(news);
        if (outcome !== undefined) return outcome;
      }
      throw over.signal.reason;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      const detail = (error as BenchError).detail;
      throw new BenchError('STATION_UNREACHABLE', detail, {
        remedy: 'The station ends the run by itself, power off first, when the reservation ends; its record is there.',
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
      over.abort(new BenchError('INTERRUPTED', 'the run is over'));
    }
  };

  return {
    ports,
    run,
    answer: async (port, { runId, id, answer }) => {
      try {
        await api.ask('POST', `/ports/${port}/answer`, { body: { runId, prompt: id, answer } });
        return true;
      } catch (error) {
        if (isBenchError(error) && error.code === 'NOT_ASKED') return false;
        throw error;
      }
    },
    // The station has done it.
    recoverCutRuns: async () => [],
  };
};
