import { join } from 'node:path';
import type { StoredTrip } from '../board/injector.js';
import { loadPlan } from '../plan/load-plan.js';
import { completeCutRecord } from '../records/cut-run.js';
import { runFiles } from '../records/record.js';
import { type CutRun, findCutRuns } from '../records/run-folder.js';
import { judge } from '../stages/replay.js';
import type { RunnerParts, RunOutcome } from './runner.js';
import type { SupplyKeeper } from './supply-keeper.js';

/**
 * Runs whose daemon died: the board has turned power off by itself and kept why. Asks it, completes the record, and lets
 * a simulated bench go. A board that cannot be reached leaves the record complete, without its word, and its port goes on
 * counting on its supply: nobody knows its switch to be open.
 */
export const recoverCutRuns = async (parts: RunnerParts, supplies: SupplyKeeper): Promise<readonly RunOutcome[]> => {
  const outcomes: RunOutcome[] = [];
  for (const cut of await findCutRuns(parts.bench.runsDirectory)) {
    const trip = await askBoard(parts, cut).catch(() => {
      if (cut.mark.simulator !== null) return undefined;
      supplies.of(cut.mark.port)?.countIn(loadPlan(join(cut.path, runFiles.plan)).plan);
      return undefined;
    });
    if (cut.mark.simulator !== null) await parts.opener.release(cut.mark.simulator).catch(() => {});
    const { record } = await completeCutRecord({
      cut,
      storedTrip: trip,
      clock: parts.clock,
      judge: (plan, events) => judge(plan, events).results,
    });
    const outcome = { record, folder: cut.path };
    await parts.writeReports(outcome);
    outcomes.push(outcome);
  }
  return outcomes;
};

const askBoard = async ({ opener }: RunnerParts, cut: CutRun): Promise<StoredTrip | undefined> => {
  const injector = await opener.openBoard(cut.mark.board);
  try {
    await injector.identify();
    return await injector.takeStoredTrip();
  } finally {
    await injector.close();
  }
};
