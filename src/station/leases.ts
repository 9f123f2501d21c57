/**
 * A named thing, an owner, an end: who may use a port, or something shared such as the label printer, just now. Ports and shared
 * things are the same here. Knows nothing of runs, files or requests. Ends are counted by the monotonic clock, so that setting
 * the wall clock neither prolongs nor ends a lease.
 */
import { BenchError, type ErrorCode } from '../errors.js';
import type { Alarm, Clock } from '../timeline/clock.js';

export interface Thing {
  readonly kind: 'port' | 'shared';
  readonly name: string;
}

export interface LeaseRequest {
  /** Chosen by whoever asks, and nobody else's business: who knows it may use the lease. Asked for twice it is one lease. */
  readonly id: string;
  readonly thing: Thing;
  readonly owner: string;
  readonly purpose: string;
  /** null: as long as its holder lives (a run, a connection), who gives it back. */
  readonly forMs: number | null;
}

export interface Lease extends LeaseRequest {
  readonly sinceUs: number;
  /** null: as `forMs`. */
  readonly endsUs: number | null;
  /** Why it ends: what its holder does with the thing is being stopped, and then it is free. */
  readonly ending: string | null;
}

/** What everybody may see of a lease. */
export interface LeaseNote {
  readonly owner: string;
  readonly purpose: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** null: as long as its holder lives. */
  readonly until: string | null;
  readonly remainingMs: number | null;
}

/** `taken`: also where its holder asked for more time. */
export type LeaseChange = {
  readonly what: 'taken' | 'ended' | 'waiting';
  readonly lease: LeaseRequest;
  readonly why: string;
};

export interface Leases {
  /** Throws BenchError PORT_RESERVED, PORT_BUSY (a run without a lease is on), SHARED_TAKEN, LEASE_ENDED. */
  take(request: LeaseRequest): Lease;
  /** Waits where somebody has the thing, first come, first served. Rejects with the signal's reason; asking again keeps the place. */
  takeInTurn(request: LeaseRequest, signal: AbortSignal, onWait?: (has: Lease) => void): Promise<Lease>;
  /** From now on. Throws BenchError LEASE_ENDED. */
  renew(id: string, owner: string, forMs: number): Lease;
  /** One that still counts. */
  held(id: string): Lease | undefined;
  /** Stops what its holder does there. Resolves when the thing is free; false: there was no such lease. */
  end(id: string, why: string): Promise<boolean>;
  /** The same by somebody else. Throws BenchError PORT_BUSY, SHARED_TAKEN where it goes as its holder goes. */
  endOf(thing: Thing, who: string): Promise<boolean>;
  /** By a holder that has stopped: the thing is free at once. */
  giveBack(id: string): void;
  of(thing: Thing): Lease | undefined;
  waiting(thing: Thing): readonly LeaseRequest[];
  note(lease: Lease): LeaseNote;
  /** Those with an end, for a later daemon. */
  lasting(): readonly Lease[];
  /** Of an earlier daemon: what is left of it. */
  restore(request: LeaseRequest, remainingMs: number): void;
  onChange(listener: (change: LeaseChange) => void): void;
  /** Stops what the holder does with the thing; it is free once that resolves. */
  onEnding(stop: (lease: Lease, why: string) => Promise<unknown>): void;
}

/** Why a lease ended whose time was over. */
export const leaseExpired = 'its time is over';
/** More than stand at any bench: a crowd is told so, and costs no memory. */
const mostWaiting = 32;
const idsRemembered = 1_000;
const microsecondsPerMillisecond = 1_000;

const keyOf = ({ kind, name }: Thing): string => `${kind} ${name}`;
const seconds = (date: string): string => date.replace(/\.\d+Z$/, 'Z');

const takenCode = ({ thing, endsUs }: Lease): ErrorCode => {
  if (thing.kind === 'shared') return 'SHARED_TAKEN';
  return endsUs === null ? 'PORT_BUSY' : 'PORT_RESERVED';
};

/** `ana (label run) until 2026-11-28T12:30:00Z`. */
export const whoHas = ({ owner, purpose, until }: Pick<LeaseNote, 'owner' | 'purpose' | 'until'>): string =>
  `${owner}${purpose === '' ? '' : ` (${purpose})`}${until === null ? '' : ` until ${seconds(until)}`}`;

/** A thing as the API and the page show it. */
export interface ThingView {
  readonly name: string;
  readonly lease: LeaseNote | null;
  /** Next first. */
  readonly waiting: readonly { readonly owner: string; readonly purpose: string }[];
}

export const leasesView = (leases: Leases, kind: Thing['kind'], names: readonly string[]): readonly ThingView[] =>
  names.map((name) => {
    const lease = leases.of({ kind, name });
    return {
      name,
      lease: lease === undefined ? null : leases.note(lease),
      waiting: leases.waiting({ kind, name }).map(({ owner, purpose }) => ({ owner, purpose })),
    };
  });

interface Entry {
  lease: Lease;
  readonly alarm: Alarm | undefined;
  /** Where it ends: resolves when it is free. */
  stopped?: Promise<void>;
}

interface Waiter {
  readonly request: LeaseRequest;
  grant(lease: Lease): void;
  refuse(reason: unknown): void;
}

export const createLeases = (clock: Clock): Leases => {
  const leases = new Map<string, Entry>();
  const queues = new Map<string, Waiter[]>();
  const ended: string[] = [];
  const listeners = new Set<(change: LeaseChange) => void>();
  const stops: ((lease: Lease, why: string) => Promise<unknown>)[] = [];

  const tell = (change: LeaseChange) => {
    for (const listener of listeners) listener(change);
  };
  const of = (thing: Thing) => leases.get(keyOf(thing))?.lease;
  const held = (id: string): Lease | undefined => {
    for (const { lease } of leases.values()) if (lease.id === id && lease.ending === null) return lease;
    return undefined;
  };
  const note = ({ owner, purpose, sinceUs, endsUs }: Lease): LeaseNote => {
    const at = (us: number) =>
      new Date(clock.wallClock().getTime() + (us - clock.nowUs()) / microsecondsPerMillisecond).toISOString();
    const leftUs = endsUs === null ? null : Math.max(0, endsUs - clock.nowUs());
    const remainingMs = leftUs === null ? null : Math.ceil(leftUs / microsecondsPerMillisecond);
    return { owner, purpose, since: at(sinceUs), until: endsUs === null ? null : at(endsUs), remainingMs };
  };
  const refusal = (lease: Lease): BenchError =>
    new BenchError(takenCode(lease), `${lease.thing.name}, by ${whoHas(note(lease))}`);

  const keep = (request: LeaseRequest, sinceUs: number, remainingMs = request.forMs): Lease => {
    const key = keyOf(request.thing);
    leases.get(key)?.alarm?.cancel();
    const endsUs = remainingMs === null ? null : clock.nowUs() + remainingMs * microsecondsPerMillisecond;
    const lease: Lease = { ...request, sinceUs, endsUs, ending: null };
    const alarm = remainingMs === null ? undefined : clock.alarm(remainingMs, () => void end(request.id, leaseExpired));
    leases.set(key, { lease, alarm });
    tell({ what: 'taken', lease, why: '' });
    return lease;
  };

  const free = (lease: Lease) => {
    // Given back while it was being stopped: the next holder has it by now.
    if (of(lease.thing)?.id !== lease.id) return;
    leases.delete(keyOf(lease.thing));
    tell({ what: 'ended', lease, why: lease.ending ?? '' });
    const next = queues.get(keyOf(lease.thing))?.shift();
    next?.grant(keep(next.request, clock.nowUs()));
  };

  const entryOf = (id: string) => [...leases.values()].find(({ lease }) => lease.id === id);

  const end = async (id: string, why: string): Promise<boolean> => {
    const entry = entryOf(id);
    if (entry === undefined) return false;
    entry.alarm?.cancel();
    if (entry.stopped === undefined) {
      const lease = { ...entry.lease, ending: why };
      entry.lease = lease;
      ended.push(id);
      if (ended.length > idsRemembered) ended.shift();
      // Whatever stopping meets, the thing does not stay with nobody.
      entry.stopped = Promise.allSettled(stops.map((stop) => stop(lease, why))).then(() => free(lease));
    }
    await entry.stopped;
    return true;
  };

  const take = (request: LeaseRequest): Lease => {
    if (ended.includes(request.id)) throw new BenchError('LEASE_ENDED', `of ${request.thing.name}`);
    const has = of(request.thing);
    if (has === undefined) return keep(request, clock.nowUs());
    if (has.id !== request.id || has.owner !== request.owner || has.ending !== null) throw refusal(has);
    return keep(request, has.sinceUs);
  };

  return {
    ...{ take, held, end, of, note },
    endOf: async (thing, who) => {
      const lease = of(thing);
      if (lease === undefined) return false;
      if (lease.endsUs !== null) return end(lease.id, `${who} ended it`);
      throw new BenchError(takenCode(lease), `${thing.name}, by ${whoHas(note(lease))}`, {
        remedy: 'It is free when that ends: switch power off on the port, or end the command.',
      });
    },
    giveBack: (id) => {
      const entry = entryOf(id);
      entry?.alarm?.cancel();
      if (entry !== undefined) free(entry.lease);
    },
    takeInTurn: (request, signal, onWait) => {
      const has = of(request.thing);
      if (has === undefined || has.id === request.id || ended.includes(request.id))
        return Promise.resolve().then(() => take(request));
      const key = keyOf(request.thing);
      const queue = queues.get(key) ?? [];
      queues.set(key, queue);
      const before = queue.findIndex(({ request: { id } }) => id === request.id);
      if (before < 0 && queue.length >= mostWaiting) return Promise.reject(refusal(has));
      return new Promise((resolve, reject) => {
        const leave = () => {
          const index = queue.indexOf(waiter);
          if (index >= 0) queue.splice(index, 1);
          reject(signal.reason);
          tell({ what: 'waiting', lease: request, why: '' });
        };
        const waiter: Waiter = {
          request,
          grant: (lease) => {
            signal.removeEventListener('abort', leave);
            resolve(lease);
          },
          refuse: (reason) => {
            signal.removeEventListener('abort', leave);
            reject(reason);
          },
        };
        if (signal.aborted) return reject(signal.reason);
        signal.addEventListener('abort', leave, { once: true });
        if (before >= 0) queue.splice(before, 1, waiter)[0]?.refuse(refusal(has));
        else queue.push(waiter);
        onWait?.(has);
        tell({ what: 'waiting', lease: request, why: '' });
      });
    },
    renew: (id, owner, forMs) => {
      const lease = held(id);
      if (lease?.owner !== owner) throw new BenchError('LEASE_ENDED', 'it cannot be renewed');
      return keep({ ...lease, forMs }, lease.sinceUs);
    },
    waiting: (thing) => (queues.get(keyOf(thing)) ?? []).map(({ request }) => request),
    lasting: () => [...leases.values()].map(({ lease }) => lease).filter(({ endsUs }) => endsUs !== null),
    restore: (request, remainingMs) => void keep(request, clock.nowUs(), remainingMs),
    onChange: (listener) => void listeners.add(listener),
    onEnding: (stop) => void stops.push(stop),
  };
};
