/** What came and was not taken yet: bounded in number and bytes, whoever sends. */
import type { Clock } from '../../timeline/clock.js';
import type { Arrival } from './arrival.js';

export interface Intake {
  readonly length: number;
  /** Resolves when it is in, true; or false: there was no room within `waitMs`, and it is left out. */
  add(arrival: Arrival): Promise<boolean>;
  /** Waits until there is something. Empty: it was closed, and all is out. */
  next(): Promise<readonly Arrival[]>;
  /** Takes no more; what is in comes out. */
  close(): void;
}

const entriesAtMost = 512;
const bytesAtMost = 16 * 1024 ** 2;
/** Of one batch, one transaction. */
const batchEntries = 256;
const batchBytes = 8 * 1024 ** 2;
/**
 * As long as nobody takes it, the next message is not read, so the broker keeps the others. Not longer: the broker's answers to
 * keepalives come behind it, and without them the connection ends. A station sends again what was left out.
 */
const waitMs = 5_000;

export const createIntake = (clock: Clock): Intake => {
  const arrivals: Arrival[] = [];
  let bytes = 0;
  let isClosed = false;
  let wakeTaker = () => {};
  const waiting = new Set<() => void>();
  const isFull = () => arrivals.length >= entriesAtMost || bytes >= bytesAtMost;
  const room = (): Promise<void> =>
    new Promise((resolve) => {
      const done = () => {
        alarm.cancel();
        waiting.delete(done);
        resolve();
      };
      const alarm = clock.alarm(waitMs, done);
      waiting.add(done);
    });
  const wakeAll = () => {
    for (const done of [...waiting]) done();
  };
  return {
    get length() {
      return arrivals.length;
    },
    add: async (arrival) => {
      if (isFull() && !isClosed) await room();
      if (isClosed || isFull()) return false;
      arrivals.push(arrival);
      bytes += arrival.payload.byteLength;
      wakeTaker();
      return true;
    },
    next: async () => {
      while (arrivals.length === 0 && !isClosed)
        await new Promise<void>((resolve) => {
          wakeTaker = resolve;
        });
      let [count, size] = [0, 0];
      for (const { payload } of arrivals) {
        if (count === batchEntries || (count > 0 && size + payload.byteLength > batchBytes)) break;
        count += 1;
        size += payload.byteLength;
      }
      bytes -= size;
      const batch = arrivals.splice(0, count);
      wakeAll();
      return batch;
    },
    close: () => {
      isClosed = true;
      wakeTaker();
      wakeAll();
    },
  };
};
