import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { Clock } from '../timeline/clock.js';
import type { Lease } from './lease-pool.js';

/** A file longer than this was not written by us: it is put aside. */
const maxFileBytes = 64 * 1024 * 1024;
/** Lines that tell nothing any more, before the file is written anew. */
const maxStaleLines = 10_000;
/** `10.110.0.101 00:0f:24:5a:79:60 1795711000`: until when, seconds since 1970; 0: given back. */
const linePattern = /^(\d{1,3}(?:\.\d{1,3}){3}) ([\da-f]{2}(?::[\da-f]{2}){5}) (\d{1,11})$/;
const microsecondsPerSecond = 1_000_000;
const millisecondsPerSecond = 1000;

export interface LeaseFile {
  /** What the file held when it was opened, the last word on each address, ended ones left out. */
  readonly leases: readonly Lease[];
  /** Lines that could not be read (a crash may cut the last one). */
  readonly damagedLines: number;
  /** In the file when it returns, so that a lease is written before it is told. Throws what the file system says. */
  append(lease: Lease): void;
  close(): void;
}

interface Parsed {
  readonly byAddress: ReadonlyMap<string, { readonly mac: string; readonly untilSeconds: number }>;
  readonly lines: number;
  readonly damagedLines: number;
}

const parse = (text: string): Parsed => {
  const byAddress = new Map<string, { mac: string; untilSeconds: number }>();
  const lines = text.split('\n');
  // Behind the last line's end is nothing; a line without its end was cut.
  const cut = lines.pop() === '' ? 0 : 1;
  let damagedLines = cut;
  for (const line of lines) {
    const [, address, mac, until] = linePattern.exec(line) ?? [];
    if (address === undefined || mac === undefined) damagedLines += 1;
    else byAddress.set(address, { mac, untilSeconds: Number(until) });
  }
  return { byAddress, lines: lines.length, damagedLines };
};

const readText = (file: string): string => {
  try {
    if (statSync(file).size <= maxFileBytes) return readFileSync(file, 'latin1');
    renameSync(file, `${file}.bad`);
    return '';
  } catch (reason) {
    if ((reason as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw reason;
  }
};

/**
 * Leases on disk: a line is appended for each, and the file is written anew (beside, then renamed) when too many of its
 * lines are stale. It survives the death of this process at any moment; after a power cut its last lines may be missing.
 * Wall clock in the file, because the monotonic one starts anew. Throws what the file system says.
 */
export const openLeaseFile = (directory: string, name: string, clock: Clock): LeaseFile => {
  // One level only: with `recursive`, Node 20 never comes back from a folder that the system refuses below /proc.
  if (!existsSync(directory)) mkdirSync(directory);
  const file = path.join(directory, `${name.replaceAll(/[^\w.-]/g, '_')}.leases`);
  const read = parse(readText(file));
  const wallSeconds = (): number => clock.wallClock().getTime() / millisecondsPerSecond;
  const untilUsOf = (untilSeconds: number): number =>
    clock.nowUs() + Math.round((untilSeconds - wallSeconds()) * microsecondsPerSecond);
  const untilSecondsOf = (untilUs: number): number =>
    Math.max(0, Math.ceil(wallSeconds() + (untilUs - clock.nowUs()) / microsecondsPerSecond));
  const lineOf = (address: string, mac: string, untilSeconds: number): string => `${address} ${mac} ${untilSeconds}\n`;

  const latest = new Map(read.byAddress);
  let lines = read.lines;
  let descriptor = openSync(file, 'a');
  let closed = false;

  /** Whole or not at all: a crash on the way leaves the old file. */
  const compact = (): void => {
    const now = wallSeconds();
    for (const [address, { untilSeconds }] of latest) if (untilSeconds <= now) latest.delete(address);
    const fresh = `${file}.new`;
    const next = openSync(fresh, 'w');
    writeSync(next, [...latest].map(([address, { mac, untilSeconds }]) => lineOf(address, mac, untilSeconds)).join(''));
    fsyncSync(next);
    renameSync(fresh, file);
    closeSync(descriptor);
    descriptor = next;
    lines = latest.size;
  };

  const now = wallSeconds();
  const leases = [...latest]
    .filter(([, { untilSeconds }]) => untilSeconds > now)
    .sort(([, first], [, second]) => first.untilSeconds - second.untilSeconds)
    .map(([address, { mac, untilSeconds }]): Lease => ({ address, mac, untilUs: untilUsOf(untilSeconds) }));
  // A cut line must not run into the next one.
  if (read.damagedLines > 0) compact();

  return {
    leases,
    damagedLines: read.damagedLines,
    append: ({ address, mac, untilUs }) => {
      const untilSeconds = untilUs <= clock.nowUs() ? 0 : untilSecondsOf(untilUs);
      writeSync(descriptor, lineOf(address, mac, untilSeconds));
      latest.set(address, { mac, untilSeconds });
      lines += 1;
      if (lines > 2 * latest.size + maxStaleLines) compact();
    },
    close: () => {
      if (closed) return;
      closed = true;
      closeSync(descriptor);
    },
  };
};
