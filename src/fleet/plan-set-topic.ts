/** The set that is published, as whoever publishes sees it: one retained message a plant. */
import { randomUUID } from 'node:crypto';
import type { BenchError } from '../errors.js';
import type { BrokerTerms } from '../plan/fleet-terms.js';
import type { Clock } from '../timeline/clock.js';
import { openBroker } from './broker.js';
import { longestPlanSetBytes } from './plan-set.js';
import { plantTopics } from './topics.js';

export interface PlanSetTopic {
  /** null: none. */
  readonly published: Uint8Array | null;
  /** Resolves when the broker has it. Throws BenchError BROKER_UNREACHABLE. */
  publish(message: string): Promise<void>;
  close(): Promise<void>;
}

/** A broker sends what it has kept right behind its answer to the subscription; nothing else says that there is none. */
const retainedWithinMs = 1_000;

/** Throws BenchError BROKER_UNREACHABLE, BROKER_REFUSED. */
export const openPlanSetTopic = async (terms: BrokerTerms, plant: string, clock: Clock): Promise<PlanSetTopic> => {
  const { planSet: topic } = plantTopics(plant);
  let published: Uint8Array | null = null;
  let answered = () => {};
  let failed = (_error: BenchError) => {};
  const ready = new Promise<void>((resolve, reject) => {
    answered = resolve;
    failed = reject;
  });
  const broker = await openBroker(terms, {
    clientId: `linkpulse-plan-set-${randomUUID()}`,
    subscribe: [topic],
    onMessage: ({ payload }) => {
      published = payload.byteLength === 0 ? null : payload;
      if (published !== null) answered();
    },
    onConnected: () => void clock.alarm(retainedWithinMs, () => answered()),
    onDisconnected: (error) => failed(error),
    largestMessageBytes: longestPlanSetBytes,
    sessionSeconds: 0,
  });
  try {
    await ready;
  } catch (error) {
    await broker.close();
    throw error;
  }
  return {
    published,
    publish: (message) => broker.publish(topic, message, { retain: true }),
    close: () => broker.close(),
  };
};
