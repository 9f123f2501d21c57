import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../timeline/clock.js';

export interface AuditEntry {
  /** `run-started`, `power-off`, `refused`, `unlocked`, `plan-changed`. */
  readonly action: string;
  readonly who: string;
  readonly from: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

export type Audit = (entry: AuditEntry) => void;

/** `audit.ndjson`, one line an act, on the disk before the act goes on. */
export const openAudit = (path: string, clock: Clock): Audit => {
  mkdirSync(dirname(path), { recursive: true });
  return (entry) => {
    appendFileSync(path, `${JSON.stringify({ at: clock.wallClock().toISOString(), ...entry })}\n`, { mode: 0o600 });
  };
};
