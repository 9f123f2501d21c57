/**
 * Which plan set a station tests by. Sets are verified and unpacked by a process of their own: a hundred plans take a second, and
 * the station's loop has heartbeats to send (docs/decisions.md, 47 and 51). What is in force changes between two runs only: a run reads
 * its plan when it begins.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { errorTable } from '../errors.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import { readPublicKey } from './plan-key.js';
import { longestPlanSetBytes } from './plan-set.js';
import type { SetInForce } from './plan-set-store.js';

export interface SetRefusal {
  readonly code: string;
  readonly message: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export type PlanSetNews =
  | { readonly kind: 'taken'; readonly inForce: SetInForce }
  | { readonly kind: 'refused'; readonly refused: SetRefusal }
  /** Files of the set in force were not as they were signed, and are again. */
  | { readonly kind: 'restored'; readonly inForce: SetInForce };

export interface PlanSetKeeper {
  /** null: none, so no run begins. */
  readonly inForce: SetInForce | null;
  /** Why what was published last, or is stored, was not taken; null: it was. */
  readonly refused: SetRefusal | null;
  /** Verifies what is stored; resolves when that is known. Files that were changed are restored. */
  check(): Promise<void>;
  /** What came as the plant's plan set; returns at once. */
  take(payload: Uint8Array): void;
  onNews(listener: (news: PlanSetNews) => void): void;
  /** Told whenever `inForce` or `refused` is another. */
  onChange(listener: () => void): void;
  close(): void;
}

export interface PlanSetKeeperParts {
  readonly stateFolder: string;
  readonly plantKeyPath: string;
  readonly plant: string;
  /** This program's `plan-set-worker`. */
  readonly command: readonly [string, ...string[]];
  readonly clock: Clock;
}

/** To the worker, in front of the message on its standard input. */
export interface PlanSetOrder {
  readonly folder: string;
  readonly plantKeyPath: string;
  readonly plant: string;
  /** false: only what is stored. */
  readonly isTaking: boolean;
}

export interface PlanSetOutcome {
  readonly inForce: SetInForce | null;
  readonly refused: Omit<SetRefusal, 'at'> | null;
  readonly change: 'taken' | 'restored' | 'none';
}

const longestAnswerBytes = 1024 ** 2;
const longestWords = 2_000;
const againMs = 60_000;
/** Of this machine's making: the same set may be taken a moment later. */
const passing: readonly string[] = ['INTERNAL', 'SYSTEM_CALL'];

/** Throws BenchError PLAN_KEY_INVALID. */
export const createPlanSetKeeper = (parts: PlanSetKeeperParts): PlanSetKeeper => {
  const { clock, plant, plantKeyPath } = parts;
  readPublicKey(plantKeyPath);
  const listeners = new Set<(news: PlanSetNews) => void>();
  const watchers = new Set<() => void>();
  let inForce: SetInForce | null = null;
  let refused: SetRefusal | null = null;
  let worker: ChildProcess | undefined;
  let working: Promise<void> = Promise.resolve();
  let next: Uint8Array | undefined;
  let again: Alarm | undefined;
  let isClosed = false;

  const tell = (news: PlanSetNews) => {
    for (const listener of listeners) listener(news);
  };
  const changed = () => {
    for (const watcher of watchers) watcher();
  };

  const ask = (message: Uint8Array | undefined): Promise<PlanSetOutcome> =>
    new Promise((resolve) => {
      const failed = (why: string) =>
        resolve({
          inForce,
          refused: { code: 'INTERNAL', message: `the process that looks at plan sets ${why}` },
          change: 'none',
        });
      const [program, ...words] = parts.command;
      const started = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
      worker = started;
      const chunks: Buffer[] = [];
      let length = 0;
      started.stdout.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length <= longestAnswerBytes) chunks.push(chunk);
        else started.kill('SIGKILL');
      });
      started.on('error', (error) => failed(`did not start (${error.message})`));
      started.on('close', (code, killedBy) => {
        if (code !== 0) return failed(`ended with ${killedBy ?? code}`);
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as PlanSetOutcome);
        } catch {
          failed('gave no answer');
        }
      });
      // It may be gone before it has read everything; `close` tells.
      started.stdin.on('error', () => {});
      const order: PlanSetOrder = {
        folder: join(parts.stateFolder, 'plan-sets'),
        plantKeyPath,
        plant,
        isTaking: message !== undefined,
      };
      started.stdin.write(`${JSON.stringify(order)}\n`);
      started.stdin.end(message);
    });

  const refuse = ({ code, message }: Omit<SetRefusal, 'at'>) => {
    const words = message.slice(0, longestWords);
    if (refused?.code === code && refused.message === words) return;
    refused = { code, message: words, at: clock.wallClock().toISOString() };
    tell({ kind: 'refused', refused });
    changed();
  };

  const work = async (message: Uint8Array | undefined) => {
    const outcome = await ask(message);
    worker = undefined;
    if (isClosed) return;
    const isOther = inForce?.sha256 !== outcome.inForce?.sha256;
    inForce = outcome.inForce;
    if (outcome.refused === null) {
      const wasRefused = refused !== null;
      refused = null;
      if (isOther || wasRefused) changed();
      if (inForce !== null && outcome.change !== 'none') tell({ kind: outcome.change, inForce });
      return;
    }
    refuse(outcome.refused);
    if (message === undefined || !passing.includes(outcome.refused.code)) return;
    again = clock.alarm(againMs, () => take(message));
  };
  /** One at a time; of what comes meanwhile the newest counts, as at the broker. */
  const queue = (act: () => Promise<void>): Promise<void> => {
    working = working.then(() => (isClosed ? undefined : act()));
    return working;
  };

  const take = (payload: Uint8Array): void => {
    again?.cancel();
    // Taken away at the broker: the one in force stays.
    if (payload.byteLength === 0) return;
    if (payload.byteLength > longestPlanSetBytes) {
      refuse({
        code: 'PLAN_SET_INVALID',
        message: `${errorTable.PLAN_SET_INVALID.meaning}: ${payload.byteLength} bytes; ${longestPlanSetBytes} at most`,
      });
      return;
    }
    const isQueued = next !== undefined;
    next = payload;
    if (isQueued) return;
    void queue(async () => {
      const message = next;
      next = undefined;
      await work(message);
    });
  };

  return {
    get inForce() {
      return inForce;
    },
    get refused() {
      return refused;
    },
    check: () => queue(() => work(undefined)),
    take,
    onNews: (listener) => void listeners.add(listener),
    onChange: (listener) => void watchers.add(listener),
    close: () => {
      isClosed = true;
      again?.cancel();
      worker?.kill('SIGKILL');
    },
  };
};
