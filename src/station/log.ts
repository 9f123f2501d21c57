/** The station's lines: for people as text, for machines as one JSON object a line. */
import { fstatSync, type Stats } from 'node:fs';
import type { Clock } from '../timeline/clock.js';
import { whoHas } from './leases.js';
import type { DeskNews } from './run-desk.js';

/** As syslog ranks them, which is what `journalctl -p` filters by. */
const priorities = { error: 3, warning: 4, info: 6 } as const;
export type LogLevel = keyof typeof priorities;

export interface LogFields {
  /** Default: info. */
  readonly level?: LogLevel;
  readonly port?: string;
  readonly runId?: string;
  readonly verdict?: string;
  readonly blame?: string | null;
  /** Of an error, docs/errors.md. */
  readonly code?: string;
}

export type StationLog = (text: string, fields?: LogFields) => void;

/** `journal`: JSON behind the `<6>` by which systemd's journal knows the level; it takes that off again. */
export type LogForm = 'text' | 'json' | 'journal';

const [standardOutput, standardError] = [1, 2];

/**
 * Whether standard output is the journal's own: a shell's child may have inherited the variable and not the stream. Where each
 * of the two has a stream, systemd names that of standard error (systemd.exec(5), JOURNAL_STREAM).
 */
export const isJournal = (journalStream: string | undefined): boolean => {
  if (journalStream === undefined) return false;
  const [output, error] = [fstatSync(standardOutput), fstatSync(standardError)];
  const isNamed = ({ dev, ino }: Stats) => journalStream === `${dev}:${ino}`;
  return isNamed(output) || (isNamed(error) && output.isSocket());
};

export const openLog =
  (form: LogForm, clock: Clock, write: (line: string) => void): StationLog =>
  (text, { level = 'info', ...fields } = {}) => {
    const at = clock.wallClock().toISOString();
    if (form === 'text') return write(`${at} ${text}`);
    const line = JSON.stringify({ at, level, ...fields, message: text });
    write(form === 'journal' ? `<${priorities[level]}>${line}` : line);
  };

/** One line when a run begins and one when it ends, whoever asked for it. */
export const logRun = (news: DeskNews, log: StationLog): void => {
  if (news.kind === 'shared' || news.kind === 'plan-set') return;
  const { port } = news;
  if (news.kind === 'run-waiting') log(`${port}: waits for ${news.shared}, taken by ${whoHas(news)}`, { port });
  if (news.kind === 'run-started')
    log(`${port}: run ${news.run.runId} (plan ${news.run.plan.name})`, { port, runId: news.run.runId });
  if (news.kind === 'run-ended') {
    const { runId, verdict, blame, exitCode } = news.summary;
    const level = verdict === 'error' ? 'warning' : 'info';
    const next = news.again === true ? '; another attempt follows' : '';
    log(`${port}: ${verdict}, exit ${exitCode}${next}`, { level, port, runId, verdict, blame });
  }
  if (news.kind === 'run-failed') log(`${port}: no run. ${news.message}`, { level: 'error', port, code: news.code });
};
