/** What the station asks of the records. The answer is bytes: JSON, or a file to hand on. */
import type { RetentionTerms } from '../../plan/bench-file.js';
import type { RunSearch } from '../../records/run-search.js';
import type { StatisticsRequest } from '../../records/statistics/report.js';
import type { ReportForm } from '../../reports/make-report.js';

export type RecordsQuestion =
  /** An array of IndexedRun, newest first. */
  | { readonly kind: 'runs'; readonly search: RunSearch }
  /** Statistics, to the byte what `linkpulse stats --json` prints. */
  | { readonly kind: 'statistics'; readonly request: StatisticsRequest }
  | { readonly kind: 'report'; readonly runId: string; readonly form: ReportForm }
  /** An evidence bundle, .tar.gz. */
  | { readonly kind: 'bundle'; readonly runIds: readonly string[] }
  | { readonly kind: 'bundle-of'; readonly search: RunSearch }
  /** CSV, one row per measurement. */
  | { readonly kind: 'measurements'; readonly search: RunSearch }
  /** Takes runs away; Pruned, as JSON. */
  | { readonly kind: 'prune'; readonly retention: RetentionTerms };

/** Told to a worker once; it writes the answer to its standard output, or says why there is none, and ends. */
export interface WorkerOrder {
  readonly runsDirectory: string;
  readonly question: RecordsQuestion;
}

export interface WorkerRefusal {
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
}
