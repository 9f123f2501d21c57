import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { BenchError } from '../errors.js';
import type { Clock } from '../timeline/clock.js';

export interface AuditEntry {
  /** `station-started`, `run-started`, `power-off`, `refused`, `locked`, `unlocked`, `answered`, `plan-changed`, `plan-set-taken`, `plan-set-refused`, `plan-set-restored`, `records-pruned`, `leased`, `lease-ended`. */
  readonly action: string;
  readonly who: string;
  readonly from: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

export type Audit = (entry: AuditEntry) => void;

/** `audit.ndjson`, one line an act, on the disk before the act goes on. Throws BenchError RECORD_FAILED. */
export const openAudit = (path: string, clock: Clock): Audit => {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (cause) {
    throw new BenchError('RECORD_FAILED', `${path}: ${String(cause)}`, {
      cause,
      remedy: 'Name a folder with --state.',
    });
  }
  return (entry) => {
    appendFileSync(path, `${JSON.stringify({ at: clock.wallClock().toISOString(), ...entry })}\n`, { mode: 0o600 });
  };
};
