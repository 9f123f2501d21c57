/** Entries as stations send them, made at the wire: from the healthy run of the reports' tests. */
import { createHash, randomUUID } from 'node:crypto';
import { openBroker } from '../../src/fleet/broker.js';
import { fleetSchema, type Receipt, readMessage, receiptMessage } from '../../src/fleet/messages.js';
import { plantTopics } from '../../src/fleet/topics.js';
import type { BrokerTerms } from '../../src/plan/fleet-terms.js';
import { madeRecord } from './made-runs.js';

export interface MadeEntry {
  readonly kind: 'record' | 'plan' | 'event';
  readonly seq: number;
  readonly payload: string;
}

const {
  plan: { text: planText, ...plan },
  ...record
} = madeRecord({ runId: '', startedAt: '' });
const hash = createHash('sha256').update(planText).digest('hex');

/** By the wall clock of a station, which may jump: nothing is ordered by it. */
const wallClock = (seq: number, jumpsAt: number): string =>
  new Date(Date.UTC(2026, 10, seq > jumpsAt ? 2 : 26, 8) + seq * 1000).toISOString();

/** The outbox of one station: its plan, an event and a record in turn. `runs` records, numbered from 1. */
export const makeOutbox = (
  station: string,
  {
    runs,
    events = true,
    jumpsAt = runs,
    outbox = randomUUID() as string,
  }: { runs: number; events?: boolean; jumpsAt?: number; outbox?: string },
) => {
  const entries: MadeEntry[] = [];
  const add = (kind: MadeEntry['kind'], content: object) => {
    const seq = entries.length + 1;
    const at = wallClock(seq, jumpsAt);
    entries.push({
      kind,
      seq,
      payload: JSON.stringify({ schema: fleetSchema, station, outbox, seq, at, kind, ...content }),
    });
  };
  add('plan', { name: plan.name, hash, text: planText });
  for (let run = 1; run <= runs; run += 1) {
    const runId = `${station}-${String(run).padStart(6, '0')}`;
    if (events) add('event', { event: { event: 'run-started', port: 'port1', runId, plan: plan.name, serial: null } });
    const startedAt = wallClock(run, jumpsAt);
    add('record', { record: { ...record, station, runId, startedAt, plan: { ...plan, hash } } });
  }
  return { station, outbox, entries };
};
export type MadeOutbox = ReturnType<typeof makeOutbox>;

/** The same entry with another content. */
export const changed = (entry: MadeEntry, change: (message: Record<string, unknown>) => unknown): MadeEntry => {
  const message = JSON.parse(entry.payload) as Record<string, unknown>;
  return { ...entry, payload: JSON.stringify(change(message)) };
};

/** The same numbers for the same seed. */
export const seededRandom = (seed: number) => {
  let state = seed >>> 0;
  return (below: number): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

export const shuffled = <T>(values: readonly T[], random: (below: number) => number): T[] => {
  const list = [...values];
  for (let last = list.length - 1; last > 0; last -= 1) {
    const other = random(last + 1);
    [list[last], list[other]] = [list[other] as T, list[last] as T];
  }
  return list;
};

const windowEntries = 64;
const lookEveryMs = 50;

export interface WireStation {
  /** Entries of which receipts have come. */
  readonly confirmed: number;
  readonly receipts: readonly Receipt[];
  /** Resolves when the database has said that it holds all. */
  readonly done: Promise<void>;
  /** Times an entry was published. */
  readonly published: number;
  close(): Promise<void>;
}

/**
 * Sends an outbox as a station does: from the oldest, some entries under way at once, again what no receipt covers. Worse than one:
 * its entries leave in any order, and some twice; `isTidy`: not.
 */
export const startWireStation = async (
  url: string,
  plant: string,
  box: MadeOutbox,
  { seed = 1, againMs = 1_000, isTidy = false, terms = {} as Partial<BrokerTerms> } = {},
): Promise<WireStation> => {
  const topics = plantTopics(plant).station(box.station);
  const random = seededRandom(seed);
  const sentAt = new Map<number, number>();
  const receipts: Receipt[] = [];
  let confirmed = 0;
  let published = 0;
  let finish = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const broker = await openBroker(
    { url, username: null, passwordPath: null, caPath: null, certPath: null, keyPath: null, ...terms },
    {
      clientId: `linkpulse-${plant}-${box.station}-${seed}`,
      subscribe: [topics.receipts],
      onConnected: () => sentAt.clear(),
      onMessage: ({ payload }) => {
        const { message } = readMessage(receiptMessage, payload, box.station);
        if (message.outbox !== box.outbox) return;
        receipts.push(message);
        confirmed = Math.max(confirmed, message.upTo);
        if (confirmed >= box.entries.length) finish();
        else look();
      },
    },
  );
  const publish = (entry: MadeEntry) => {
    published += 1;
    broker.publish(topics.out(entry.kind), entry.payload).catch(() => {});
  };
  const look = () => {
    if (!broker.isConnected) return;
    const now = performance.now();
    const due = box.entries
      .slice(confirmed, confirmed + windowEntries)
      .filter(({ seq }) => now - (sentAt.get(seq) ?? Number.NEGATIVE_INFINITY) > againMs);
    for (const entry of isTidy ? due : shuffled(due, random)) {
      sentAt.set(entry.seq, now);
      publish(entry);
      if (!isTidy && random(10) === 0) publish(entry);
    }
  };
  const looking = setInterval(look, lookEveryMs);
  return {
    get confirmed() {
      return confirmed;
    },
    get published() {
      return published;
    },
    receipts,
    done,
    close: async () => {
      clearInterval(looking);
      await broker.close({ endsSession: true });
    },
  };
};
