import { afterEach, expect, it } from 'vitest';
import { type Broker, type BrokerMessage, openBroker } from '../../src/fleet/broker.js';
import { plantTopics, stationOfTopic } from '../../src/fleet/topics.js';
import { brokerTerms } from '../helpers/collector-player.js';
import { startMosquitto, startPostgres } from '../helpers/engines.js';

const topics = plantTopics('plant');
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const client = async (url: string, clientId: string, subscribe: readonly string[]) => {
  const messages: BrokerMessage[] = [];
  const codes: string[] = [];
  let connected = () => {};
  const isConnected = new Promise<void>((resolve) => {
    connected = resolve;
  });
  const broker: Broker = await openBroker(brokerTerms(url), {
    clientId,
    subscribe,
    onMessage: (message) => void messages.push(message),
    onConnected: () => connected(),
    onDisconnected: ({ code }) => codes.push(code),
  });
  open.push(broker);
  await isConnected;
  return { broker, messages, codes };
};

it('hands a retained message to whoever comes later, and what is shared to one of two', async (context) => {
  const mosquitto = await startMosquitto(context);
  open.push(mosquitto);
  const station = await client(mosquitto.url, 'station', []);
  await station.broker.publish(topics.station('a').state, '{"retained":1}', { retain: true });
  const later = await client(mosquitto.url, 'later', [topics.filters.state]);
  await expect.poll(() => later.messages.length).toBe(1);
  const one = await client(mosquitto.url, 'one', [topics.filters.sharedEntries]);
  const two = await client(mosquitto.url, 'two', [topics.filters.sharedEntries]);
  for (let seq = 1; seq <= 20; seq += 1) await station.broker.publish(topics.station('a').out('event'), `${seq}`);
  await expect.poll(() => one.messages.length + two.messages.length).toBe(20);
  expect(one.messages.length).toBeGreaterThan(0);
  expect(two.messages.length).toBeGreaterThan(0);
  expect(stationOfTopic(one.messages[0]?.topic ?? '')).toBe('a');
});

it('publishes nothing without a connection, and says so', async (context) => {
  const mosquitto = await startMosquitto(context);
  open.push(mosquitto);
  const first = await client(mosquitto.url, 'alone', []);
  await mosquitto.kill();
  await expect.poll(() => first.codes).toEqual(['BROKER_UNREACHABLE']);
  await expect(first.broker.publish('a', 'b')).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
});

it('comes back by itself when the broker does', async (context) => {
  const mosquitto = await startMosquitto(context);
  open.push(mosquitto);
  const { broker, messages } = await client(mosquitto.url, 'patient', ['news']);
  await mosquitto.kill();
  await expect.poll(() => broker.isConnected).toBe(false);
  await mosquitto.start();
  await expect
    .poll(
      () =>
        broker.publish('news', 'again').then(
          () => true,
          () => false,
        ),
      { timeout: 15_000 },
    )
    .toBe(true);
  await expect.poll(() => messages.length).toBe(1);
});

it('has a database for its tests', async (context) => {
  const postgres = await startPostgres(context);
  open.push(postgres);
  const { default: pg } = await import('pg');
  const ask = async () => {
    const database = new pg.Client({ connectionString: postgres.url });
    await database.connect();
    try {
      return (await database.query('select 1 + 1 as sum')).rows[0]?.sum;
    } finally {
      await database.end();
    }
  };
  expect(await ask()).toBe(2);
  await postgres.kill();
  await expect(ask()).rejects.toThrow();
  await postgres.start();
  expect(await ask()).toBe(2);
});
