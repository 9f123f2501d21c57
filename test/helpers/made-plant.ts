/** Stations as they tell of themselves at the broker, without the stations: what the plant's page is shown in tests. */
import { createHash } from 'node:crypto';
import { type Broker, openBroker } from '../../src/fleet/broker.js';
import type { PortState, Presence, StationState } from '../../src/fleet/messages.js';
import { plantTopics } from '../../src/fleet/topics.js';
import { brokerTerms } from './collector-player.js';

const instance = '3f7c2f56-6a07-4f55-9f0e-6f4f0d3a5d11';
const stageNames = ['power', 'boot', 'vlan', 'address', 'config', 'registration'];

/** `decided` stages of a run that goes on. */
export const running = (decided: number, startedAt: string): PortState['running'] => ({
  ...{ runId: `run-${decided}`, plan: 'cp-7960g', serial: `FCH1234${5670 + decided}`, startedAt },
  stages: stageNames.map((stage, index) => ({ stage, verdict: index < decided ? 'pass' : 'not-reached' })),
});
export const last = (verdict: 'pass' | 'marginal' | 'fail' | 'error', endedAt: string): PortState['last'] => ({
  ...{ runId: `run-${verdict}`, verdict, endedAt, deviceId: 'SEP000F245A7960', serial: 'FCH12345678' },
  blame: verdict === 'error' ? 'network' : null,
  cause: {
    pass: 'The phone registered with the CallManager of highest priority.',
    marginal: 'Power to link took 5.9 s; above 5.5 s is close to the limit.',
    fail: 'The phone asked for no configuration within 20 s of its address.',
    error: 'No offer reached the phone: the wire carried none of the three.',
  }[verdict],
});

export interface MadePlant {
  presence(station: string, presence: Presence['presence'], at?: string | null): Promise<void>;
  state(station: string, ports: readonly string[], more?: Partial<StationState>): Promise<void>;
  port(station: string, port: string, more?: Partial<PortState>): Promise<void>;
  planSet(name: string, version: number, plans: readonly string[]): Promise<string>;
  publish(topic: string, payload: string): Promise<void>;
  readonly topics: ReturnType<typeof plantTopics>;
  close(): Promise<void>;
}

export const openMadePlant = async (url: string, plant: string, now: () => string): Promise<MadePlant> => {
  const topics = plantTopics(plant);
  let connected = () => {};
  const isConnected = new Promise<void>((resolve) => {
    connected = resolve;
  });
  const broker: Broker = await openBroker(brokerTerms(url), {
    clientId: `made-plant-${plant}`,
    subscribe: [],
    onMessage: () => {},
    onConnected: () => connected(),
  });
  await isConnected;
  const retain = (topic: string, message: object) => broker.publish(topic, JSON.stringify(message), { retain: true });
  const schema = 1 as const;
  return {
    topics,
    presence: (station, presence, at = presence === 'lost' ? null : now()) =>
      retain(topics.station(station).presence, { schema, station, presence, instance, at }),
    state: (station, ports, more = {}) =>
      retain(topics.station(station).state, {
        ...{ schema, station, at: now(), version: '0.1.0', page: `http://${station}.plant.example:8420/` },
        ...{ ports, outboxDepth: 0, planSet: null, planSetRefused: null, ...more },
      }),
    port: (station, port, more = {}) =>
      retain(topics.station(station).port(port), {
        ...{ schema, station, port, at: now(), running: null, last: null, lock: null, reserved: null, ...more },
      }),
    planSet: async (name, version, plans) => {
      const sha256 = 'c'.repeat(64);
      const files = plans.map((path) => ({ path, text: '', sha256 }));
      const signed = JSON.stringify({ schema, plant, name, version, createdAt: now(), note: 'tighter boot', files });
      await retain(topics.planSet, { schema, signed, key: 'a'.repeat(64), signature: 'AAAA' });
      return createHash('sha256').update(signed).digest('hex');
    },
    publish: (topic, payload) => broker.publish(topic, payload, { retain: true }),
    close: () => broker.close(),
  };
};
