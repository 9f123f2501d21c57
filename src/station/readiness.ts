/** Whether a phone could be run now. Told to anybody: no paths, no names but those of ports. */
import type { Readable } from 'node:stream';
import { isBenchError } from '../errors.js';
import { freeBytes } from '../records/disk-reserve.js';
import type { Clock } from '../timeline/clock.js';
import type { Metrics } from './metrics.js';
import type { RecordsDesk } from './records/desk.js';

export interface NotReady {
  /** `CLOSING`, `PORT_LOCKED`, or an error's code (docs/errors.md). */
  readonly code: string;
  readonly message: string;
  /** null: the whole station. */
  readonly port: string | null;
}

export interface Readiness {
  /** At least one port can take a phone, and nothing is wrong with the whole station. */
  readonly isReady: boolean;
  /** Also those of single ports, where others are fit. */
  readonly reasons: readonly NotReady[];
}

export interface ReadinessParts {
  readonly ports: readonly string[];
  readonly metrics: Pick<Metrics, 'stateOf'>;
  readonly records: Pick<RecordsDesk, 'ask'>;
  readonly runsDirectory: string;
  readonly diskReserveBytes: number;
  readonly clock: Clock;
  /** Aborts when the station begins to close. */
  readonly closing: AbortSignal;
}

/** The index is asked by a process of its own, so not for everybody who knocks, and nobody waits for it. */
const indexEveryUs = 300_000_000;
const mebibyte = 1024 ** 2;

const portReasons = { locked: 'PORT_LOCKED', 'board-lost': 'BOARD_LOST' } as const;
const portWords = {
  locked: 'an engineer has to look at the jack and unlock the port',
  'board-lost': 'no run has reached its board since it was lost',
} as const;

const spent = async (answer: Readable): Promise<void> => {
  for await (const _ of answer);
};

export const createReadiness = (parts: ReadinessParts): (() => Promise<Readiness>) => {
  const { clock, closing, metrics } = parts;
  let askedUs = Number.NEGATIVE_INFINITY;
  let index: NotReady | null = null;

  const askIndex = async (): Promise<void> => {
    try {
      await spent(await parts.records.ask({ kind: 'runs', search: { limit: 1 } }, closing));
      index = null;
    } catch (error) {
      // Busy, or closing, says nothing about the index.
      if (isBenchError(error) && error.code.startsWith('INDEX_'))
        index = { code: error.code, message: 'the index of the records does not answer', port: null };
    }
  };

  const ofDisk = async (): Promise<NotReady | null> => {
    const reserve = `${Math.ceil(parts.diskReserveBytes / mebibyte)} MiB`;
    try {
      const free = await freeBytes(parts.runsDirectory);
      if (free >= parts.diskReserveBytes) return null;
      const message = `${Math.floor(free / mebibyte)} MiB free for runs, ${reserve} are kept back`;
      return { code: 'DISK_RESERVE', message, port: null };
    } catch {
      return { code: 'RECORD_FAILED', message: 'the folder of the runs cannot be looked at', port: null };
    }
  };

  return async () => {
    if (closing.aborted)
      return {
        isReady: false,
        reasons: [{ code: 'CLOSING', message: 'the station switches power off and ends', port: null }],
      };
    if (clock.nowUs() - askedUs >= indexEveryUs) {
      askedUs = clock.nowUs();
      void askIndex();
    }
    const whole = [await ofDisk(), index].filter((reason) => reason !== null);
    const ofPorts = parts.ports.flatMap((port): NotReady[] => {
      const state = metrics.stateOf(port);
      if (state !== 'locked' && state !== 'board-lost') return [];
      return [{ code: portReasons[state], message: portWords[state], port }];
    });
    return { isReady: whole.length === 0 && ofPorts.length < parts.ports.length, reasons: [...whole, ...ofPorts] };
  };
};
