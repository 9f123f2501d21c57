/** What stations are told. A receipt says all that those before it said, so only the newest of an outbox is worth sending. */
import type { Broker } from '../broker.js';
import { fleetSchema, type Receipt } from '../messages.js';
import type { PlantTopics } from '../topics.js';
import type { Reached } from './take.js';

export interface Receipts {
  tell(reached: readonly Reached[]): void;
  /** Ends when all are sent, or cannot be. */
  flushed(): Promise<void>;
}

/** A station looks at them one by one, and does not need thousands to know that its database refuses all. */
const refusalsAtMost = 64;

export const createReceipts = (broker: Pick<Broker, 'publish'>, topics: PlantTopics): Receipts => {
  const waiting = new Map<string, Receipt>();
  let sending = Promise.resolve();
  const send = async () => {
    for (const [key, receipt] of waiting) {
      waiting.delete(key);
      // Lost with the connection: the station sends again what no receipt covers, and is answered then.
      await broker.publish(topics.station(receipt.station).receipts, JSON.stringify(receipt)).catch(() => {});
    }
  };
  return {
    tell: (reached) => {
      for (const { station, outbox, upTo, refused } of reached) {
        const key = `${station} ${outbox}`;
        const before = waiting.get(key)?.refused ?? [];
        waiting.set(key, {
          schema: fleetSchema,
          station,
          outbox,
          upTo,
          refused: [...before, ...refused].slice(-refusalsAtMost),
        });
      }
      sending = sending.then(send);
    },
    flushed: () => sending,
  };
};
