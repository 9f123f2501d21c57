/** The bench file's retention: at the start and then after runs, once an hour at the most. */
import { json } from 'node:stream/consumers';
import type { Audit } from '../../http/audit.js';
import type { RetentionTerms } from '../../plan/bench-file.js';
import type { Pruned } from '../../records/prune.js';
import type { Clock } from '../../timeline/clock.js';
import type { RunDesk } from '../run-desk.js';
import type { RecordsDesk } from './desk.js';

export interface RetentionParts {
  readonly retention: RetentionTerms;
  readonly desk: RunDesk;
  readonly records: RecordsDesk;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly log: (text: string) => void;
}

const everyUs = 3_600_000_000;

/** Returns what stops it. */
export const keepRetention = ({ retention, desk, records, clock, audit, log }: RetentionParts): (() => void) => {
  const stopped = new AbortController();
  let lastUs = Number.NEGATIVE_INFINITY;
  const apply = async (): Promise<void> => {
    if (clock.nowUs() - lastUs < everyUs) return;
    lastUs = clock.nowUs();
    try {
      const { removed, keptRuns } = (await json(
        await records.ask({ kind: 'prune', retention }, stopped.signal),
      )) as Pruned;
      if (removed.length === 0) return;
      const [oldest = '', newest = ''] = [removed.at(-1)?.runId, removed[0]?.runId];
      audit({
        action: 'records-pruned',
        who: 'station',
        from: 'bench file',
        detail: { runs: removed.length, oldest, newest, keptRuns },
      });
      log(`retention: ${removed.length} runs are gone, ${oldest} to ${newest}; ${keptRuns} stay`);
    } catch (error) {
      if (!stopped.signal.aborted) log(`retention: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  void apply();
  const forget = desk.onMessage(({ news }) => {
    if (news.kind === 'run-ended' && news.again !== true) void apply();
  });
  return () => {
    forget();
    stopped.abort();
  };
};
