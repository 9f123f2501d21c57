/** A lease taken from elsewhere: waited for, kept as long as this process lives, given back however it ends. */
import { randomUUID } from 'node:crypto';
import { isBenchError } from '../../errors.js';
import type { Clock } from '../../timeline/clock.js';
import { sleep } from '../../timeline/wait.js';
import type { LeaseNote } from '../leases.js';
import type { StationApi } from './station-api.js';

export interface RemoteLease extends LeaseNote {
  readonly id: string;
}

export interface WantedLease {
  readonly port: string;
  readonly forMs: number;
  readonly purpose: string;
  /** 0: not at all. */
  readonly waitMs: number;
}

const againAfterMs = 1_000;
/** Whoever pressed Ctrl-C waits no longer for a station that is away. */
const giveBackWithinMs = 15_000;
const microsecondsPerMillisecond = 1_000;

const isTaken = (error: unknown): boolean =>
  isBenchError(error) && (error.code === 'PORT_RESERVED' || error.code === 'PORT_BUSY');
export const isUnreachable = (error: unknown): boolean => isBenchError(error) && error.code === 'STATION_UNREACHABLE';

/** Asks again while the station does not answer. `isWorthIt` false: throws what it met last. */
export const persistently = async <T>(clock: Clock, ask: () => Promise<T>, isWorthIt: () => boolean): Promise<T> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnreachable(error) || !isWorthIt()) throw error;
      await sleep(clock, againAfterMs);
    }
  }
};

export const within = (clock: Clock, limitMs: number): (() => boolean) => {
  const endUs = clock.nowUs() + limitMs * microsecondsPerMillisecond;
  return () => clock.nowUs() < endUs;
};

/** Safe to repeat. Throws BenchError STATION_UNREACHABLE where the station stays away: it ends the lease by itself. */
export const giveBack = async (api: StationApi, clock: Clock, id: string): Promise<boolean> => {
  const end = async () =>
    (await api.ask('DELETE', `/leases/${id}`, { withinMs: null })) as { readonly wasHeld: boolean };
  return (await persistently(clock, end, within(clock, giveBackWithinMs))).wasHeld;
};

/** `onWait` hears who has the port. An abort gives back what may have been granted meanwhile, and throws the signal's reason. */
export const takeRemotely = async (
  api: StationApi,
  clock: Clock,
  wanted: WantedLease,
  signal: AbortSignal,
  onWait: (refusal: Error) => void,
): Promise<RemoteLease> => {
  const { waitMs, ...terms } = wanted;
  const id = randomUUID();
  const ask = async (forMs: number) =>
    (await api.ask('POST', '/leases', {
      body: { ...terms, id, waitMs: Math.floor(forMs) },
      signal,
      ...(forMs === 0 ? {} : { withinMs: null }),
    })) as RemoteLease;
  const endUs = clock.nowUs() + waitMs * microsecondsPerMillisecond;
  const leftMs = () => Math.max(0, (endUs - clock.nowUs()) / microsecondsPerMillisecond);
  try {
    try {
      return await persistently(
        clock,
        () => ask(0),
        () => leftMs() > 0 && !signal.aborted,
      );
    } catch (error) {
      if (!isTaken(error) || waitMs === 0) throw error;
      onWait(error as Error);
    }
    return await persistently(
      clock,
      () => ask(leftMs()),
      () => leftMs() > 0 && !signal.aborted,
    );
  } catch (error) {
    // Refused is not held; anything else may have been granted to somebody who did not hear of it.
    if (!isTaken(error)) await giveBack(api, clock, id).catch(() => {});
    throw error;
  }
};

export interface KeptLease {
  readonly id: string;
  /** Monotonic, us: until then the station waits for us. */
  readonly endsUs: number;
  stop(): void;
}

/** Renews it at each third of its time, as long as the station answers and has it. */
export const keepRemotely = (api: StationApi, clock: Clock, { id }: RemoteLease, forMs: number): KeptLease => {
  let endsUs = clock.nowUs() + forMs * microsecondsPerMillisecond;
  const renewing = clock.every(forMs / 3, () => {
    const askedUs = clock.nowUs();
    api.ask('PUT', `/leases/${id}`, { body: { forMs } }).then(
      () => {
        endsUs = askedUs + forMs * microsecondsPerMillisecond;
      },
      // Ended by somebody: the run tells. Unreachable: asked again.
      () => {},
    );
  });
  return {
    id,
    get endsUs() {
      return endsUs;
    },
    stop: () => renewing.cancel(),
  };
};
