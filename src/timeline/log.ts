/**
 * The run's log on disk: NDJSON, append-only, one event a line, written as it happens. The first line tells about the
 * log itself, the last may count what was folded.
 */
import { close as closeFile, closeSync, fstatSync, fsync, openSync, write } from 'node:fs';
import { appendFile, readFile, truncate } from 'node:fs/promises';
import { promisify } from 'node:util';
import { BenchError } from '../errors.js';
import type { Clock } from './clock.js';
import { longestEventBytes, shortenToFit } from './event-bound.js';
import { type EventStamp, type Fact, type FactKind, sourceOf, type TimelineEvent } from './events.js';

/** Events kept word for word; a normal run stays under a tenth of it. */
export const mostEvents = 20_000;
const tailLength = 200;
/** A disk that falls this far behind is as good as broken. */
const mostBytesWaiting = 8 * 1024 * 1024;

/** Never folded: without these a run could not be understood, and none of them can flood. */
const vitalKinds: ReadonlySet<FactKind> = new Set<FactKind>([
  'power-off',
  'jack-safe',
  'board-fault',
  'board-lost',
  'bench-fault',
  'interrupted',
  'end',
]);

export interface TimelineMeta {
  readonly format: 'linkpulse-timeline';
  readonly version: 1;
  /** Wall clock at the run's start, an annotation. */
  readonly startedAt: string;
  /** CLOCK_MONOTONIC at the run's start. */
  readonly startClockUs: number;
}

/** What stands for the events past the bound, per kind. */
export interface FoldedKind {
  readonly count: number;
  readonly firstAtUs: number;
  readonly lastAtUs: number;
}

export type FoldedEvents = Readonly<Partial<Record<FactKind, FoldedKind>>>;

export interface TimelineCounts {
  readonly total: number;
  readonly stored: number;
  readonly folded: FoldedEvents;
}

/**
 * `append` gives the event exactly as it is stored. Past 20,000 events the rest is still numbered and told to listeners,
 * but on disk only counted per kind (what ends a run is always written).
 */
export interface TimelineLog {
  readonly meta: TimelineMeta;
  /** us since the run's start. */
  nowUs(): number;
  /**
   * The time of one source item (a frame, a report), given its stamp on the Clock's base: us since the run's start, at
   * least 1 us after the item before. Hand it to every fact told from that item.
   */
  stampUs(clockUs: number): number;
  /**
   * Throws BenchError RECORD_FAILED once the log is closed. One that could not be written (`failed`) goes on telling listeners: how
   * power goes off is what they want to see then. `atUs`: from `stampUs`.
   */
  append(fact: Fact, options?: { readonly atUs?: number; readonly stamp?: EventStamp }): TimelineEvent;
  onEvent(listener: (event: TimelineEvent) => void): () => void;
  /** The latest events, oldest first; bounded. */
  tail(): readonly TimelineEvent[];
  counts(): TimelineCounts;
  /** Resolves with the first error of writing; never rejects. Power must go off then. */
  readonly failed: Promise<BenchError>;
  /** Resolves when everything appended so far was handed to the system; rejects with RECORD_FAILED. */
  flush(): Promise<void>;
  /** Writes what is left and syncs it to the disk; rejects with RECORD_FAILED. */
  close(): Promise<void>;
}

/** Opens a new log; a file that is there already is refused. Throws BenchError RECORD_FAILED. */
export const createTimelineLog = (path: string, clock: Clock): TimelineLog => {
  const meta: TimelineMeta = {
    format: 'linkpulse-timeline',
    version: 1,
    startedAt: clock.wallClock().toISOString(),
    startClockUs: clock.nowUs(),
  };
  const file = openAppendFile(path);
  const listeners = new Set<(event: TimelineEvent) => void>();
  const folded: Partial<Record<FactKind, FoldedKind>> = {};
  let tail: TimelineEvent[] = [];
  let total = 0;
  let stored = 0;
  let lastAtUs = -1;
  let closed: Promise<void> | undefined;

  const stampUs = (clockUs: number): number => {
    lastAtUs = Math.max(lastAtUs + 1, clockUs - meta.startClockUs);
    return lastAtUs;
  };

  file.write(`${JSON.stringify(meta)}\n`);

  return {
    meta,
    nowUs: () => clock.nowUs() - meta.startClockUs,
    stampUs,
    append: (fact, { atUs, stamp } = {}) => {
      file.check();
      if (atUs === undefined) stampUs(clock.nowUs());
      else lastAtUs = Math.max(lastAtUs, atUs);
      total += 1;
      const event = shortenToFit({
        seq: total,
        atUs: lastAtUs,
        source: sourceOf(fact.kind),
        ...(stamp === undefined ? {} : { stamp }),
        fact,
      });
      if (stored < mostEvents || vitalKinds.has(fact.kind)) {
        stored += 1;
        file.write(`${JSON.stringify(event)}\n`);
      } else {
        const before = folded[fact.kind];
        folded[fact.kind] = {
          count: (before?.count ?? 0) + 1,
          firstAtUs: before?.firstAtUs ?? event.atUs,
          lastAtUs: event.atUs,
        };
      }
      tail.push(event);
      if (tail.length > 2 * tailLength) tail = tail.slice(-tailLength);
      for (const listener of [...listeners]) listener(event);
      return event;
    },
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tail: () => tail.slice(-tailLength),
    counts: () => ({ total, stored, folded: { ...folded } }),
    failed: file.failed,
    flush: file.flush,
    close: () => {
      closed ??= (async () => {
        if (Object.keys(folded).length > 0) file.write(`${JSON.stringify({ folded })}\n`);
        await file.close();
      })();
      return closed;
    },
  };
};

interface AppendFile {
  /** Nothing once it has failed. */
  write(text: string): void;
  /** Throws where it is closed. */
  check(): void;
  readonly failed: Promise<BenchError>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Appends in order, one write at a time and never on the loop: a slow disk must not hold up the heartbeat. */
const openAppendFile = (path: string): AppendFile => {
  const failure = (cause: unknown) =>
    cause instanceof BenchError
      ? cause
      : new BenchError('RECORD_FAILED', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        });

  let descriptor: number;
  try {
    descriptor = openSync(path, 'a');
    if (fstatSync(descriptor).size > 0) {
      closeSync(descriptor);
      throw new Error('is there already');
    }
  } catch (cause) {
    throw failure(cause);
  }
  let waiting: string[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | undefined;
  let broken: BenchError | undefined;
  let closing: Promise<void> | undefined;
  let tellFailed: (error: BenchError) => void = () => {};
  const failed = new Promise<BenchError>((resolve) => {
    tellFailed = resolve;
  });

  const fail = (cause: unknown): void => {
    if (broken !== undefined) return;
    broken = failure(cause);
    waiting = [];
    tellFailed(broken);
  };

  const drain = async (): Promise<void> => {
    while (waiting.length > 0 && broken === undefined) {
      const batch = Buffer.from(waiting.join(''));
      waiting = [];
      waitingBytes = 0;
      try {
        for (let done = 0; done < batch.length; ) done += (await writeAsync(descriptor, batch, done)).bytesWritten;
      } catch (cause) {
        fail(cause);
      }
    }
    writing = undefined;
  };

  const check = (): void => {
    if (closing !== undefined) throw new BenchError('RECORD_FAILED', `${path} is closed`);
  };

  const flush = async (): Promise<void> => {
    while (writing !== undefined) await writing;
    if (broken !== undefined) throw broken;
  };

  return {
    failed,
    check,
    flush,
    write: (text) => {
      check();
      if (broken !== undefined) return;
      waiting.push(text);
      waitingBytes += text.length;
      if (waitingBytes > mostBytesWaiting)
        return fail(new BenchError('RECORD_FAILED', `${path}: the disk cannot keep up`));
      writing ??= drain();
    },
    close: () => {
      closing ??= (async () => {
        try {
          await flush();
          await promisify(fsync)(descriptor);
        } catch (cause) {
          fail(cause);
          throw failure(cause);
        } finally {
          await promisify(closeFile)(descriptor).catch(fail);
        }
      })();
      return closing;
    },
  };
};

const writeAsync = (descriptor: number, buffer: Buffer, offset: number): Promise<{ readonly bytesWritten: number }> =>
  new Promise((resolve, reject) => {
    write(descriptor, buffer, offset, buffer.length - offset, null, (error, bytesWritten) =>
      error === null ? resolve({ bytesWritten }) : reject(error),
    );
  });

export interface StoredTimeline {
  readonly meta: TimelineMeta;
  readonly events: readonly TimelineEvent[];
  readonly folded: FoldedEvents;
  /** The last line stops in the middle: the writer died. Its rest was left out. */
  readonly cut: boolean;
  /** Length of the file up to the last whole line. */
  readonly wholeBytes: number;
}

const mostTimelineBytes = (mostEvents + 1000) * longestEventBytes;

/** Reads a log back, also one whose writer died. Throws BenchError RECORD_UNREADABLE. */
export const readTimeline = async (path: string): Promise<StoredTimeline> => {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause), cause);
  });
  return parseTimeline(bytes, path);
};

const unreadable = (path: string, detail: string, cause?: unknown): BenchError =>
  new BenchError('RECORD_UNREADABLE', `${path}: ${detail}`, { cause });

/** All lines at once, in half the time; where one is no JSON, line by line, to say which. */
const parseLines = (lines: readonly string[], path: string): readonly unknown[] => {
  try {
    const all = JSON.parse(`[${lines.join(',')}]`) as unknown[];
    if (all.length === lines.length) return all;
  } catch {
    // Told below.
  }
  return lines.map((line, index) => {
    try {
      return JSON.parse(line);
    } catch (cause) {
      throw unreadable(path, `line ${index + 1} is not JSON`, cause);
    }
  });
};

/** `bytes`: a whole log; `path` names it in messages. Throws BenchError RECORD_UNREADABLE. */
export const parseTimeline = (bytes: Buffer, path: string): StoredTimeline => {
  if (bytes.length > mostTimelineBytes) throw unreadable(path, 'is too large to be a timeline');
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, wholeBytes).toString('utf8').split('\n').slice(0, -1);
  const [first, ...rest] = parseLines(lines, path);
  const meta = first as Partial<TimelineMeta> | null | undefined;
  if (meta?.format !== 'linkpulse-timeline' || meta.version !== 1)
    throw unreadable(path, 'is not a Linkpulse timeline');

  const events: TimelineEvent[] = [];
  let folded: FoldedEvents = {};
  for (const [index, entry] of rest.entries()) {
    if (isEvent(entry)) events.push(entry);
    else if (isFolded(entry)) folded = entry.folded;
    else throw unreadable(path, `line ${index + 2} is no event`);
  }
  return { meta: meta as TimelineMeta, events, folded, cut: wholeBytes < bytes.length, wholeBytes };
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isFolded = (value: unknown): value is { readonly folded: FoldedEvents } =>
  isObject(value) && isObject(value.folded);
const isEvent = (value: unknown): value is TimelineEvent =>
  isObject(value) &&
  typeof value.seq === 'number' &&
  typeof value.atUs === 'number' &&
  isObject(value.fact) &&
  typeof value.fact.kind === 'string';

/**
 * Adds facts to the log of a run that was cut, after dropping its half-written last line. Returns them as events, 1 us
 * apart behind the last one there was. Throws BenchError RECORD_FAILED or RECORD_UNREADABLE.
 */
export const continueTimeline = async (path: string, facts: readonly Fact[]): Promise<readonly TimelineEvent[]> => {
  const { events, wholeBytes } = await readTimeline(path);
  const last = events.at(-1);
  const added = facts.map((fact, index): TimelineEvent => {
    const step = index + 1;
    return { seq: (last?.seq ?? 0) + step, atUs: (last?.atUs ?? -1) + step, source: sourceOf(fact.kind), fact };
  });
  try {
    await truncate(path, wholeBytes);
    await appendFile(path, added.map((event) => `${JSON.stringify(event)}\n`).join(''), { flush: true });
  } catch (cause) {
    throw new BenchError('RECORD_FAILED', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  return added;
};
