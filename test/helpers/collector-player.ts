/** Plays the collector at a real broker: takes entries in order as the database would, and sends receipts where it is asked to. */
import { type Broker, openBroker } from '../../src/fleet/broker.js';
import { type Entry, entryMessage, type Receipt, readMessage } from '../../src/fleet/messages.js';
import { plantTopics, stationOfTopic } from '../../src/fleet/topics.js';
import type { BrokerTerms } from '../../src/plan/fleet-terms.js';

export const brokerTerms = (url: string): BrokerTerms => ({
  url,
  username: null,
  passwordPath: null,
  caPath: null,
  certPath: null,
  keyPath: null,
});

export interface CollectorPlayer {
  /** Of each outbox, in the order in which they were taken. */
  readonly taken: ReadonlyMap<string, readonly Entry[]>;
  /** All that came, duplicates too. */
  readonly arrived: readonly Entry[];
  /** Newest text of each retained topic. */
  readonly retained: ReadonlyMap<string, string>;
  /** Every text that came on a topic. */
  textsOf(topic: string): readonly string[];
  /** Takes, and sends no receipt while this is false. */
  isAnswering: boolean;
  /** Forgets what it took last, as a database that was restored from a backup. */
  forget(outbox: string, upTo: number): void;
  /** As one that was taken by another collector. */
  know(entry: Entry): void;
  send(station: string, receipt: Partial<Receipt>): Promise<void>;
  publish(topic: string, text: string): Promise<void>;
  close(): Promise<void>;
}

export const playCollector = async (
  url: string,
  plant: string,
  clientId = 'collector-player',
): Promise<CollectorPlayer> => {
  const topics = plantTopics(plant);
  const { filters } = topics;
  const taken = new Map<string, Entry[]>();
  const parked = new Map<string, Map<number, Entry>>();
  const arrived: Entry[] = [];
  const retained = new Map<string, string>();
  const texts = new Map<string, string[]>();
  let broker: Broker | undefined;
  let connected = () => {};
  const isConnected = new Promise<void>((resolve) => {
    connected = resolve;
  });

  const take = (entry: Entry): void => {
    const entries = taken.get(entry.outbox) ?? [];
    const waiting = parked.get(entry.outbox) ?? new Map<number, Entry>();
    taken.set(entry.outbox, entries);
    parked.set(entry.outbox, waiting);
    waiting.set(entry.seq, entry);
    for (;;) {
      const next = waiting.get(entries.length + 1);
      if (next === undefined) return;
      waiting.delete(next.seq);
      entries.push(next);
    }
  };
  const send = (station: string, receipt: Partial<Receipt>): Promise<void> =>
    (broker as Broker).publish(
      topics.station(station).receipts,
      JSON.stringify({ schema: 1, station, outbox: '', upTo: 0, refused: [], ...receipt }),
    );

  const player: CollectorPlayer = {
    taken,
    arrived,
    retained,
    textsOf: (topic) => texts.get(topic) ?? [],
    isAnswering: true,
    forget: (outbox, upTo) => {
      taken.get(outbox)?.splice(upTo);
      parked.get(outbox)?.clear();
    },
    know: take,
    send,
    publish: (topic, text) => (broker as Broker).publish(topic, text, { retain: true }),
    close: async () => broker?.close(),
  };
  broker = await openBroker(brokerTerms(url), {
    clientId,
    subscribe: [filters.entries, filters.presence, filters.state, filters.ports],
    onMessage: ({ topic, payload }) => {
      const text = new TextDecoder().decode(payload);
      texts.set(topic, [...(texts.get(topic) ?? []), text]);
      if (!topic.includes('/out/')) return void retained.set(topic, text);
      const station = stationOfTopic(topic) ?? '';
      const entry = readMessage(entryMessage, payload, station).message;
      arrived.push(entry);
      take(entry);
      const upTo = taken.get(entry.outbox)?.length ?? 0;
      if (player.isAnswering) void send(station, { outbox: entry.outbox, upTo }).catch(() => {});
    },
    onConnected: () => connected(),
  });
  await isConnected;
  return player;
};
