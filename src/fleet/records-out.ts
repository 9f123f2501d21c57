/**
 * Puts records and events by. A run is noted as pending before it can have a record and until the outbox holds that: what a
 * full disk or a killed process left out is made up for. A record that goes out twice is taken once, by its run id.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, isBenchError } from '../errors.js';
import { runFiles } from '../records/record.js';
import { readRecord } from '../records/run-folder.js';
import type { Clock } from '../timeline/clock.js';
import type { FleetEvent } from './messages.js';
import type { EntryContent, Outbox } from './outbox.js';
import { openPendingRuns } from './pending-runs.js';

export interface RecordsOutParts {
  readonly outbox: Pick<Outbox, 'append' | 'hasPlan'>;
  readonly folder: string;
  readonly runsDirectory: string;
  readonly clock: Clock;
  /** Their records were completed at this start; whether they stand as pending or not. */
  readonly recoveredRuns: readonly string[];
  log(text: string, note: { readonly level: 'error' | 'info'; readonly code?: string; readonly runId?: string }): void;
  onAppended(): void;
}

export interface RecordsOut {
  runStarted(runId: string): void;
  runEnded(runId: string): void;
  /** It came to no record now; its folder may be completed at the next start. */
  runFailed(runId: string): void;
  /** An event that cannot be put by is told in the log and gone. */
  tell(event: FleetEvent): void;
  /** Finished runs that the outbox does not hold yet. */
  readonly missing: number;
  /** Times that something could not be put by. */
  readonly failed: number;
  /** Resolves when all that was told has been put by, or could not be. */
  close(): Promise<void>;
}

const tryAgainMs = 60_000;

/** What cannot be sent, however often it is tried. */
const hopeless: ReadonlySet<string> = new Set(['RECORD_UNREADABLE', 'FLEET_MESSAGE_INVALID']);

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Throws BenchError OUTBOX_FAILED. */
export const openRecordsOut = async (parts: RecordsOutParts): Promise<RecordsOut> => {
  const { outbox, clock } = parts;
  const pending = await openPendingRuns(join(parts.folder, 'pending'));
  /** Their records are still to come; resolves when the run stands as pending. */
  const running = new Map<string, Promise<void>>();
  let failed = 0;
  let isFailing = false;
  let line: Promise<void> = Promise.resolve();

  const append = async (content: EntryContent): Promise<void> => {
    await outbox.append(content);
    parts.onAppended();
    if (!isFailing) return;
    isFailing = false;
    parts.log('fleet: what is told can be put by again', { level: 'info' });
    makeUp();
  };
  const at = () => clock.wallClock().toISOString();

  const putRecord = async (runId: string): Promise<void> => {
    const folder = join(parts.runsDirectory, runId);
    // A run that was cut is completed at the next start.
    if ((await isThere(folder)) && !(await isThere(join(folder, runFiles.record)))) return;
    try {
      const { plan, ...record } = await readRecord(folder);
      const { text, ...planNote } = plan;
      if (!outbox.hasPlan(plan.hash)) await append({ kind: 'plan', at: at(), name: plan.name, hash: plan.hash, text });
      await append({ kind: 'record', at: at(), record: { ...record, plan: planNote } });
    } catch (error) {
      if (!isBenchError(error) || !hopeless.has(error.code)) throw error;
      parts.log(`fleet: the record of ${runId} cannot be sent: ${error.message}`, {
        ...{ level: 'error', code: error.code, runId },
      });
      await append({
        kind: 'event',
        at: at(),
        event: { event: 'entry-lost', message: `run ${runId}: ${error.message}` },
      });
    }
    await pending.remove(runId);
  };

  const notPutBy = (what: string, error: unknown): void => {
    failed += 1;
    const known = isBenchError(error) ? error : new BenchError('INTERNAL', String(error), { cause: error });
    // Once: the disk stays full for all who come after.
    if (!isFailing) parts.log(`fleet: ${what}: ${known.message}`, { level: 'error', code: known.code });
    isFailing = true;
  };

  /** One after the other, in the order in which they were told. */
  const inLine = (what: string, work: () => Promise<void>): void => {
    line = line.then(work).catch((error: unknown) => notPutBy(what, error));
  };

  const finished = () => pending.all().filter((runId) => !running.has(runId));
  const makeUp = () =>
    inLine('records of earlier runs', async () => {
      for (const runId of finished()) await putRecord(runId);
    });
  inLine('notes of completed runs', async () => {
    for (const runId of parts.recoveredRuns) await pending.add(runId);
  });
  makeUp();
  const tryingAgain = clock.every(tryAgainMs, makeUp);

  return {
    runStarted: (runId) => {
      // Not behind what is being put by: whatever kills this process, the note is older than the record.
      running.set(
        runId,
        pending.add(runId).catch((error) => notPutBy(`note of ${runId}`, error)),
      );
    },
    runEnded: (runId) =>
      inLine(`record of ${runId}`, async () => {
        await running.get(runId);
        running.delete(runId);
        await putRecord(runId);
      }),
    runFailed: (runId) => void running.delete(runId),
    tell: (event) => inLine(`event ${event.event}`, () => append({ kind: 'event', at: at(), event })),
    get missing() {
      return finished().length;
    },
    get failed() {
      return failed;
    },
    close: () => {
      tryingAgain.cancel();
      return line;
    },
  };
};
