/** Leases outlive the daemon: `leases.json` in the state folder. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { BenchError } from '../errors.js';
import type { Clock } from '../timeline/clock.js';
import type { LeaseRequest, Leases, Thing } from './leases.js';
import type { StationLog } from './log.js';

const storedLease = z.strictObject({
  id: z.string(),
  thing: z.strictObject({ kind: z.enum(['port', 'shared']), name: z.string() }),
  owner: z.string(),
  purpose: z.string(),
  forMs: z.number().positive(),
  /** ISO 8601, UTC. */
  until: z.string(),
});
type StoredLease = z.output<typeof storedLease>;
const storedFile = z.strictObject({ leases: z.array(storedLease).max(10_000) });

const read = (path: string, log: StationLog): readonly StoredLease[] => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  try {
    return storedFile.parse(JSON.parse(text)).leases;
  } catch {
    log(`${path} cannot be read: whoever had reserved a port has to do it again`, { level: 'warning' });
    return [];
  }
};

/**
 * Takes up what an earlier daemon left, and writes each change. What is left of a lease is told by the wall clock, which alone
 * goes on between two daemons (a Pi's starts anywhere): never more than was granted. Throws BenchError RECORD_FAILED.
 */
export const keepLeases = (
  path: string,
  leases: Leases,
  parts: {
    readonly clock: Clock;
    readonly log: StationLog;
    has(thing: Thing): boolean;
    lapsed(request: LeaseRequest): void;
  },
): void => {
  const { clock, log } = parts;
  for (const { until, ...request } of read(path, log)) {
    const remainingMs = Math.min(Date.parse(until) - clock.wallClock().getTime(), request.forMs);
    if (remainingMs <= 0) parts.lapsed(request);
    else if (parts.has(request.thing)) leases.restore(request, remainingMs);
  }
  const write = () => {
    const kept = leases.lasting().map((lease) => {
      const { id, thing, owner, purpose, forMs } = lease;
      return { id, thing, owner, purpose, forMs, until: leases.note(lease).until };
    });
    writeFileSync(`${path}.new`, `${JSON.stringify({ leases: kept }, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  try {
    mkdirSync(dirname(path), { recursive: true });
    write();
  } catch (cause) {
    throw new BenchError('RECORD_FAILED', `${path}: ${String(cause)}`, {
      cause,
      remedy: 'Name a folder with --state.',
    });
  }
  leases.onChange(({ what, lease }) => {
    if (what === 'waiting' || lease.forMs === null) return;
    try {
      write();
    } catch (error) {
      // The lease counts all the same, as long as this daemon lives.
      log(`${path} cannot be written (${String(error)}): reservations end with this daemon`, { level: 'warning' });
    }
  });
};
