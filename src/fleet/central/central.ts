/** The plant's page: listens to the broker, asks the database, answers browsers. Changes neither. */
import { randomUUID } from 'node:crypto';
import type { HttpSide } from '../../http/server.js';
import type { BrokerTerms } from '../../plan/fleet-terms.js';
import { type Broker, openBroker } from '../broker.js';
import type { DatabaseTerms } from '../database.js';
import { longestPlanSetBytes } from '../plan-set.js';
import { plantTopics } from '../topics.js';
import { type CentralParts, createCentralHttp } from './http/server.js';
import { createLivePlant } from './live-plant.js';
import { openPlantRecords } from './records/plant-records.js';

export interface Central {
  readonly http: HttpSide;
  /** In order: browsers, broker, database. */
  close(): Promise<void>;
}

export interface CentralOptions extends Omit<CentralParts, 'live' | 'records' | 'log'> {
  readonly broker: BrokerTerms;
  readonly database: DatabaseTerms;
  log(text: string, note: { readonly level: 'error' | 'warning' | 'info' }): void;
}

const mostToldTopics = 100;

/** Throws BenchError BROKER_REFUSED: a file of the broker's terms cannot be read. */
export const openCentral = async (options: CentralOptions): Promise<Central> => {
  const { plant, clock, log } = options;
  const topics = plantTopics(plant);
  // Each topic once, and not forever: whoever publishes rubbish fills no log.
  const toldTopics = new Set<string>();
  const live = createLivePlant({
    plant,
    topics,
    clock,
    onRefused: (topic, reason) => {
      if (toldTopics.has(topic) || toldTopics.size >= mostToldTopics) return;
      toldTopics.add(topic);
      log(`not taken in from ${topic}: ${reason}`, { level: 'warning' });
    },
  });
  const { presence, state, ports } = topics.filters;
  const broker: Broker = await openBroker(options.broker, {
    // Any number may look at a plant, and the broker keeps nothing for those that went.
    clientId: `linkpulse-central-${randomUUID()}`,
    sessionSeconds: 0,
    largestMessageBytes: longestPlanSetBytes,
    subscribe: [presence, state, ports, topics.planSet],
    onMessage: (message) => live.hear(message),
    onConnected: () => {
      live.brokerIs(true);
      log(`connected with ${options.broker.url}`, { level: 'info' });
    },
    onDisconnected: (error) => {
      live.brokerIs(false, error.message);
      log(error.message, { level: 'warning' });
    },
  });
  const records = await openPlantRecords(options.database, plant);
  // What is live is shown all the same.
  records.check().then(
    () => log('the database answers', { level: 'info' }),
    (error: Error) => log(error.message, { level: 'warning' }),
  );
  const http = await createCentralHttp({ ...options, live, records });
  return {
    http,
    close: async () => {
      await http.close();
      await broker.close();
      await records.close();
    },
  };
};
