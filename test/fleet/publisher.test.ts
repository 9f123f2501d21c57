import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import type { BenchError } from '../../src/errors.js';
import { openBroker } from '../../src/fleet/broker.js';
import { type Outbox, openOutbox } from '../../src/fleet/outbox.js';
import { createPublisher, type Publisher, type Refused } from '../../src/fleet/publisher.js';
import { plantTopics } from '../../src/fleet/topics.js';
import { type Clock, systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { brokerTerms, type CollectorPlayer, playCollector } from '../helpers/collector-player.js';
import { type Engine, startMosquitto } from '../helpers/engines.js';

const things: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const thing of things.splice(0).reverse()) await thing.close();
});

const topics = plantTopics('plant').station('station');
const event = (message: string) =>
  ({
    kind: 'event',
    at: '2026-11-23T03:15:02.000Z',
    event: { event: 'run-failed', port: 'p', code: 'X', message },
  }) as const;
/** Waits become a hundredth, so that rounds of sending again pass in a test's time; the order of things stays. */
const hurried: Clock = { ...systemClock, alarm: (delayMs, callback) => systemClock.alarm(delayMs / 100, callback) };

interface Station {
  readonly outbox: Outbox;
  readonly publisher: Publisher;
  readonly refused: Refused[];
  readonly anew: string[];
  readonly problems: BenchError[];
  append(count: number): Promise<void>;
}

const station = async (url: string, { clock = systemClock }: { readonly clock?: Clock } = {}): Promise<Station> => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-publisher-'));
  things.push({ close: () => rmSync(folder, { recursive: true, force: true }) });
  const outbox = await openOutbox({
    folder,
    plant: 'plant',
    station: 'station',
    wallClock: () => new Date(),
    log: () => {},
  });
  const refused: Refused[] = [];
  const anew: string[] = [];
  const problems: BenchError[] = [];
  const publisher = createPublisher({
    outbox,
    station: 'station',
    topics,
    clock,
    publish: (topic, text) => broker.publish(topic, text),
    onRefused: (each) => refused.push(each),
    onAnew: (reason) => anew.push(reason),
    onProblem: (error) => problems.push(error),
  });
  const broker = await openBroker(brokerTerms(url), {
    clientId: 'station',
    subscribe: [topics.receipts],
    onMessage: ({ payload }) => publisher.take(payload),
    onConnected: () => publisher.connected(),
    onDisconnected: () => publisher.disconnected(),
  });
  things.push(publisher, broker);
  return {
    ...{ outbox, publisher, refused, anew, problems },
    append: async (count) => {
      for (let index = 0; index < count; index += 1) {
        await outbox.append(event(`${outbox.last + 1}`));
        publisher.wake();
      }
    },
  };
};

const engines = async (context: TestContext): Promise<{ mosquitto: Engine; collector: CollectorPlayer }> => {
  const mosquitto = await startMosquitto(context);
  things.push(mosquitto);
  const collector = await playCollector(mosquitto.url, 'plant');
  things.push(collector);
  return { mosquitto, collector };
};

const numbers = (collector: CollectorPlayer, id: string) => collector.taken.get(id)?.map(({ seq }) => seq) ?? [];
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const patiently = { timeout: 25_000 };
const delivered = async ({ outbox }: Station, collector: CollectorPlayer, last: number) => {
  await expect.poll(() => [outbox.confirmed, outbox.last], patiently).toEqual([last, last]);
  expect(numbers(collector, outbox.id)).toEqual(upTo(last));
};

describe('what a station owes the database', () => {
  it('goes out in order, and a backlog does too, never more at once than the window', async (context) => {
    const { mosquitto, collector } = await engines(context);
    collector.isAnswering = false;
    const one = await station(mosquitto.url);
    await one.append(100);
    await expect.poll(() => new Set(collector.arrived.map(({ seq }) => seq)).size, patiently).toBe(64);
    expect(one.outbox.confirmed).toBe(0);
    collector.isAnswering = true;
    await collector.send('station', { outbox: one.outbox.id, upTo: 64 });
    await delivered(one, collector, 100);
  });

  it('is sent again where receipts are lost, rarer the longer nobody answers, and duplicates do no harm', async (context) => {
    const { mosquitto, collector } = await engines(context);
    collector.isAnswering = false;
    const one = await station(mosquitto.url, { clock: hurried });
    await one.append(3);
    // The whole once more, then the oldest alone.
    await expect
      .poll(() => collector.arrived.map(({ seq }) => seq).slice(0, 8), patiently)
      .toEqual([1, 2, 3, 1, 2, 3, 1, 1]);
    collector.isAnswering = true;
    await delivered(one, collector, 3);
    expect(one.publisher.sentAgain).toBeGreaterThanOrEqual(5);
  });

  it('outlives a broker that is killed, and what that one had taken and not kept', async (context) => {
    const { mosquitto, collector } = await engines(context);
    const one = await station(mosquitto.url);
    await one.append(20);
    await delivered(one, collector, 20);
    // The broker acknowledges what it keeps for a collector that is away, and loses it with its memory.
    await collector.close();
    await one.append(20);
    await sleep(systemClock, 500);
    await mosquitto.kill();
    await one.append(20);
    await mosquitto.start();
    const later = await playCollector(mosquitto.url, 'plant');
    things.push(later);
    for (const entry of collector.taken.get(one.outbox.id) ?? []) later.know(entry);
    await delivered(one, later, 60);
  });

  it('outlives connections that are cut in the middle of a message', async (context) => {
    const { mosquitto, collector } = await engines(context);
    const proxy = await cuttingProxy(mosquitto.port, [300, 1_000, 2_500]);
    const one = await station(`mqtt://127.0.0.1:${proxy.port}`);
    await one.append(40);
    await delivered(one, collector, 40);
    expect(proxy.cuts()).toBe(3);
  });

  it('is as it was when the wall clock jumps', async (context) => {
    const { mosquitto, collector } = await engines(context);
    let offsetMs = 0;
    const clock: Clock = { ...systemClock, wallClock: () => new Date(Date.now() + offsetMs) };
    const one = await station(mosquitto.url, { clock });
    await one.append(5);
    offsetMs = -10 * 365 * 86_400_000;
    await one.append(5);
    offsetMs = 10 * 365 * 86_400_000;
    await one.append(5);
    await delivered(one, collector, 15);
  });
});

describe('a receipt', () => {
  it('of another outbox, of nothing, or that is none, changes nothing', async (context) => {
    const { mosquitto, collector } = await engines(context);
    collector.isAnswering = false;
    const one = await station(mosquitto.url);
    await one.append(3);
    await expect.poll(() => collector.arrived.length).toBe(3);
    await collector.send('station', { outbox: 'f47ac10b-58cc-4372-a567-0e02b2c3d479', upTo: 3 });
    await collector.send('station', { outbox: 'no uuid', upTo: 3 });
    await collector.publish(topics.receipts, 'no JSON');
    await expect
      .poll(() => one.problems.map(({ code }) => code))
      .toEqual(['FLEET_MESSAGE_INVALID', 'FLEET_MESSAGE_INVALID']);
    expect(one.outbox.confirmed).toBe(0);
    await collector.send('station', { outbox: one.outbox.id, upTo: 2 });
    await expect.poll(() => one.outbox.confirmed).toBe(2);
  });

  it('tells what the database keeps apart, once, and the rest goes on', async (context) => {
    const { mosquitto, collector } = await engines(context);
    collector.isAnswering = false;
    const one = await station(mosquitto.url);
    await one.append(3);
    await expect.poll(() => collector.arrived.length).toBe(3);
    const refused = [{ seq: 2, code: 'FLEET_MESSAGE_INVALID', message: 'no record' }];
    await collector.send('station', { outbox: one.outbox.id, upTo: 2, refused });
    await collector.send('station', { outbox: one.outbox.id, upTo: 3, refused });
    await expect.poll(() => one.outbox.confirmed).toBe(3);
    expect(one.refused).toEqual(refused);
  });

  it('for more than was ever put by lets go of nothing: it goes on as a new outbox', async (context) => {
    const { mosquitto, collector } = await engines(context);
    collector.isAnswering = false;
    const one = await station(mosquitto.url);
    const before = one.outbox.id;
    await one.append(3);
    await expect.poll(() => collector.arrived.length).toBe(3);
    collector.isAnswering = true;
    await collector.send('station', { outbox: before, upTo: 500 });
    await expect.poll(() => one.anew.length).toBe(1);
    expect(one.outbox.id).not.toBe(before);
    await delivered(one, collector, 3);
  });

  it('that says other entries stand under these numbers brings them under a new name', async (context) => {
    const { mosquitto, collector } = await engines(context);
    collector.isAnswering = false;
    const one = await station(mosquitto.url);
    const before = one.outbox.id;
    await one.append(2);
    await expect.poll(() => collector.arrived.length).toBe(2);
    collector.isAnswering = true;
    const refused = [{ seq: 1, code: 'OUTBOX_CONFLICT', message: 'another content' }];
    await collector.send('station', { outbox: before, upTo: 2, refused });
    await expect.poll(() => one.anew.length).toBe(1);
    await delivered(one, collector, 2);
  });

  it('of a database restored from an older state is told, and what waits arrives', async (context) => {
    const { mosquitto, collector } = await engines(context);
    const one = await station(mosquitto.url, { clock: hurried });
    const before = one.outbox.id;
    await one.append(10);
    await delivered(one, collector, 10);
    collector.forget(before, 4);
    await one.append(3);
    await expect.poll(() => one.anew.length, patiently).toBe(1);
    expect(one.anew[0]).toContain('up to 4, and had told that it holds those up to 10');
    await delivered(one, collector, 3);
  });

  it('that comes late and says less, among others, is of no consequence', async (context) => {
    const { mosquitto, collector } = await engines(context);
    collector.isAnswering = false;
    const one = await station(mosquitto.url);
    await one.append(10);
    await expect.poll(() => collector.arrived.length).toBe(10);
    for (const seq of [8, 3, 2, 5, 1, 8, 10]) await collector.send('station', { outbox: one.outbox.id, upTo: seq });
    await expect.poll(() => one.outbox.confirmed).toBe(10);
    expect(one.anew).toEqual([]);
  });
});

/** Ends the first connections after so many bytes to the broker, wherever in a message that is. */
const cuttingProxy = async (port: number, afterBytes: readonly number[]) => {
  const left = [...afterBytes];
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    let rest = left.shift() ?? Number.POSITIVE_INFINITY;
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        inner.destroy();
        outer.destroy();
      });
    }
    outer.pipe(inner);
    inner.on('data', (chunk: Buffer) => {
      outer.write(chunk.subarray(0, rest));
      rest -= chunk.length;
      if (rest > 0) return;
      cuts += 1;
      outer.end(() => inner.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  things.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return { port: typeof address === 'object' && address !== null ? address.port : 0, cuts: () => cuts };
};
