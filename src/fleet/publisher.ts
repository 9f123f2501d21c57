/**
 * Brings the outbox into the database: a window of entries, in order, goes to the broker; what no receipt covers is sent
 * again. Entries are read from the disk as they are sent, one at a time with a pause, so that hours of backlog neither fill
 * memory nor hold up the ports that run meanwhile.
 */
import { BenchError, isBenchError } from '../errors.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import { sleep } from '../timeline/wait.js';
import { type Receipt, readMessage, receiptMessage } from './messages.js';
import type { Outbox } from './outbox.js';
import type { StationTopics } from './topics.js';

export type Refused = Receipt['refused'][number];

export interface PublisherParts {
  readonly outbox: Outbox;
  readonly station: string;
  readonly topics: Pick<StationTopics, 'out'>;
  /** Resolves when the broker has it; rejects with BenchError BROKER_UNREACHABLE. */
  publish(topic: string, text: string): Promise<void>;
  readonly clock: Clock;
  onRefused(refused: Refused): void;
  /** What waits goes on under the name of a new outbox; `reason` is a sentence for a person. */
  onAnew(reason: string): void;
  /** A receipt that is none, an entry that cannot be read just now. */
  onProblem(error: BenchError): void;
}

export interface Publisher {
  /** There is a connection, perhaps a new one: everything without a receipt goes out again. */
  connected(): void;
  disconnected(): void;
  /** There is a new entry. */
  wake(): void;
  /** What came as a receipt. Resolves when it has had its effect. */
  take(payload: Uint8Array): Promise<void>;
  /** Entries sent once more. */
  readonly sentAgain: number;
  close(): void;
}

/** Sent and without a receipt. */
const windowEntries = 64;
/** Given to the connection and not yet acknowledged by the broker: what it holds in memory. */
const handedMost = 16;
/** 100 entries a second at most. */
const paceMs = 10;
const firstWaitMs = 5_000;
const longestWaitMs = 60_000;
const readAgainMs = 5_000;
/** So many rounds of sending answered by less than we were told already: the database is an older one. */
const roundsOfLess = 3;
const anewEveryUs = 60_000_000;

export const createPublisher = (parts: PublisherParts): Publisher => {
  const { outbox, clock } = parts;
  const closed = new AbortController();
  let isConnected = false;
  let isPumping = false;
  /** Sequence number of the next entry to go out. */
  let next = outbox.confirmed + 1;
  /** The highest that this process has sent of this outbox. */
  let sentUpTo = outbox.confirmed;
  let handed = 0;
  let sentAgain = 0;
  let waitMs = firstWaitMs;
  /** Rounds in which nobody answered. */
  let silentRounds = 0;
  /** Every sending from the oldest on; receipts of one say the same thing once. */
  let round = 0;
  let lessIn = new Set<number>();
  let anewUs = Number.NEGATIVE_INFINITY;
  let overdue: Alarm | undefined;

  const problem = (error: unknown) =>
    parts.onProblem(isBenchError(error) ? error : new BenchError('INTERNAL', String(error), { cause: error }));

  const send = async (seq: number): Promise<void> => {
    const { id } = outbox;
    const { kind, text } = await outbox.read(seq);
    // Confirmed, or numbered anew, while it was read.
    if (id !== outbox.id || seq <= outbox.confirmed || !isConnected || closed.signal.aborted) return;
    if (seq <= sentUpTo) sentAgain += 1;
    sentUpTo = Math.max(sentUpTo, seq);
    handed += 1;
    parts
      .publish(parts.topics.out(kind), text)
      // Of a lost connection the connection tells.
      .catch((error) => isBenchError(error) && error.code === 'BROKER_REFUSED' && problem(error))
      .finally(() => {
        handed -= 1;
        void pump();
      });
  };

  const mayGoOn = () =>
    isConnected &&
    !closed.signal.aborted &&
    next <= outbox.last &&
    next <= outbox.confirmed + windowEntries &&
    handed < handedMost;

  const pump = async (): Promise<void> => {
    if (isPumping) return;
    isPumping = true;
    try {
      while (mayGoOn()) {
        const seq = next;
        next += 1;
        await send(seq);
        wait();
        await sleep(clock, paceMs, closed.signal);
      }
    } catch (error) {
      if (closed.signal.aborted) return;
      problem(error);
      fromTheOldest();
      clock.alarm(readAgainMs, () => void pump());
    } finally {
      isPumping = false;
    }
  };

  const fromTheOldest = () => {
    next = outbox.confirmed + 1;
    round += 1;
  };

  /** Nobody answers: everything once more, then the oldest alone, until somebody does. */
  const again = () => {
    overdue = undefined;
    if (!isConnected || closed.signal.aborted) return;
    const isFirst = silentRounds === 0;
    silentRounds += 1;
    waitMs = Math.min(longestWaitMs, waitMs * 2);
    if (isFirst) fromTheOldest();
    else if (handed < handedMost && outbox.confirmed < outbox.last) {
      round += 1;
      send(outbox.confirmed + 1).catch(problem);
    }
    void pump();
    wait();
  };

  const wait = () => {
    if (overdue !== undefined || sentUpTo <= outbox.confirmed || closed.signal.aborted) return;
    overdue = clock.alarm(waitMs, again);
  };

  const waitAfresh = () => {
    overdue?.cancel();
    overdue = undefined;
    wait();
  };

  const beginAnew = async (reason: string): Promise<void> => {
    if (clock.nowUs() - anewUs < anewEveryUs) return;
    anewUs = clock.nowUs();
    await outbox.beginAnew();
    lessIn = new Set();
    sentUpTo = outbox.confirmed;
    fromTheOldest();
    parts.onAnew(reason);
    void pump();
  };

  const isOfOthers = ({ seq, code }: Refused) => code === 'OUTBOX_CONFLICT' && seq > outbox.confirmed;

  const effect = async ({ outbox: id, upTo, refused }: Receipt): Promise<void> => {
    if (id !== outbox.id) return;
    silentRounds = 0;
    waitMs = firstWaitMs;
    if (upTo > outbox.last || refused.some(isOfOthers))
      return beginAnew(
        `the database holds other entries under the numbers of this station’s outbox (up to ${upTo}; ours end at ${outbox.last}): this state folder is an older one or another station’s`,
      );
    if (upTo < outbox.confirmed) {
      lessIn.add(round);
      if (lessIn.size >= roundsOfLess)
        await beginAnew(
          `the database holds entries up to ${upTo}, and had told that it holds those up to ${outbox.confirmed}: it is an older one. What it lost is not sent again; the records are in the run folders`,
        );
      return;
    }
    lessIn = new Set();
    // What was never sent cannot have arrived.
    const upToSent = Math.min(upTo, sentUpTo);
    for (const each of refused) if (each.seq > outbox.confirmed) parts.onRefused(each);
    if (upToSent <= outbox.confirmed) return;
    await outbox.confirm(upToSent);
    next = Math.max(next, outbox.confirmed + 1);
    waitAfresh();
    void pump();
  };

  return {
    get sentAgain() {
      return sentAgain;
    },
    connected: () => {
      isConnected = true;
      fromTheOldest();
      waitAfresh();
      void pump();
    },
    disconnected: () => {
      isConnected = false;
    },
    wake: () => void pump(),
    take: async (payload) => {
      try {
        await effect(readMessage(receiptMessage, payload, parts.station).message);
      } catch (error) {
        problem(error);
      }
    },
    close: () => {
      closed.abort();
      overdue?.cancel();
    },
  };
};
