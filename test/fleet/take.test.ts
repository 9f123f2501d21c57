import pg from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Arrival, isUnreadable, readBrokerMessage } from '../../src/fleet/collector/arrival.js';
import { migrate } from '../../src/fleet/collector/migrations.js';
import { parkedAtMost, type Taken, takeBatch } from '../../src/fleet/collector/take.js';
import { plantTopics } from '../../src/fleet/topics.js';
import { type Engine, startPostgres } from '../helpers/engines.js';
import { changed, type MadeEntry, makeOutbox, seededRandom, shuffled } from '../helpers/wire-station.js';

let postgres: Engine | undefined;
const clients: pg.Client[] = [];
const connect = async (): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: postgres?.url });
  await client.connect();
  clients.push(client);
  return client;
};
beforeEach(async (context) => {
  postgres ??= await startPostgres(context);
  const client = await connect();
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await migrate(client);
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
});
afterAll(() => postgres?.close());

const topics = plantTopics('plant');
const arrivalOf = (station: string, { kind, payload }: Pick<MadeEntry, 'kind' | 'payload'>): Arrival => {
  const read = readBrokerMessage({ topic: topics.station(station).out(kind), payload: Buffer.from(payload) });
  if (isUnreadable(read)) throw new Error(read.reason);
  return read;
};
const take = (client: pg.Client, { station }: { readonly station: string }, entries: readonly MadeEntry[]) =>
  takeBatch(
    client,
    entries.map((entry) => arrivalOf(station, entry)),
  );
const rows = async (sql: string) => (await (clients[0] as pg.Client).query(sql)).rows;
const count = async (table: string) => Number((await rows(`SELECT count(*) FROM ${table}`))[0].count);
const upTo = ({ reached }: Taken) => reached.map((each) => each.upTo);
const first = () => clients[0] as pg.Client;

describe('a batch', () => {
  it('is taken in the order of its numbers, with what is parked behind it, and tells how far it came', async () => {
    const box = makeOutbox('a', { runs: 3 });
    expect(upTo(await take(first(), box, box.entries.slice(2).reverse()))).toEqual([0]);
    expect([await count('parked'), await count('entries')]).toEqual([5, 0]);
    const taken = await take(first(), box, box.entries.slice(0, 2));
    expect(upTo(taken)).toEqual([7]);
    expect(taken.taken).toEqual({ plan: 1, event: 3, record: 3 });
    expect([await count('parked'), await count('entries'), await count('runs')]).toEqual([0, 7, 3]);
    const [run] = await rows('SELECT * FROM runs ORDER BY seq');
    expect(run).toMatchObject({
      station: 'a',
      run_id: 'a-000001',
      seq: '3',
      verdict: 'pass',
      golden: false,
      attempt: 1,
    });
    const sent = JSON.parse(box.entries[2]?.payload ?? '') as { record: object };
    expect(run.record).toEqual(sent.record);
    expect((await rows('SELECT event, port, run_id FROM events ORDER BY seq'))[0]).toEqual({
      event: 'run-started',
      port: 'port1',
      run_id: 'a-000001',
    });
  });

  it('that comes again is told again how far it came, and changes nothing', async () => {
    const box = makeOutbox('a', { runs: 2 });
    await take(first(), box, box.entries);
    const again = await take(first(), box, [...box.entries, ...box.entries]);
    expect(again).toMatchObject({ duplicates: 10, taken: { record: 0, plan: 0, event: 0 }, refused: [] });
    expect(upTo(again)).toEqual([5]);
    expect(await count('runs')).toBe(2);
  });

  it('from a station that is too far ahead is left to be sent again', async () => {
    const box = makeOutbox('a', { runs: parkedAtMost + 10, events: false });
    expect(await take(first(), box, box.entries.slice(1))).toMatchObject({ parked: parkedAtMost - 1, tooFar: 11 });
    expect(await take(first(), box, box.entries.slice(0, 1))).toMatchObject({ taken: { record: parkedAtMost - 1 } });
    expect(upTo(await take(first(), box, box.entries.slice(parkedAtMost)))).toEqual([parkedAtMost + 11]);
  });

  it('whose parked part is larger than a transaction is taken in several', async () => {
    const box = makeOutbox('a', { runs: 30, events: false });
    const large = box.entries.map((entry) => changed(entry, (message) => ({ ...message, more: 'x'.repeat(600_000) })));
    await take(first(), box, large.slice(1));
    let taken = await take(first(), box, large.slice(0, 1));
    expect(taken.unfinished).toEqual([box.outbox]);
    let passes = 1;
    for (; taken.unfinished.length > 0; passes += 1) taken = await takeBatch(first(), [], taken.unfinished);
    expect(passes).toBeGreaterThan(2);
    expect([await count('runs'), await count('parked')]).toEqual([30, 0]);
  });
});

describe('nothing is lost and nothing taken twice', () => {
  it('by two collectors that take overlapping batches in any order at the same time', { timeout: 60_000 }, async () => {
    const boxes = ['a', 'b', 'c', 'd'].map((name) => makeOutbox(name, { runs: 40 }));
    const random = seededRandom(7);
    const all = boxes.flatMap((box) => box.entries.map((entry) => arrivalOf(box.station, entry)));
    const collectors = [await connect(), await connect()];
    let deadlocks = 0;
    const holes: unknown[] = [];
    await Promise.all(
      collectors.map(async (client) => {
        let queue = shuffled([...all, ...all], random);
        while (queue.length > 0) {
          const batch = queue.splice(0, 1 + random(60));
          try {
            const taken = await takeBatch(client, batch);
            if (taken.tooFar > 0) queue = shuffled([...queue, ...batch], random);
          } catch (error) {
            if ((error as { code?: string }).code !== '40P01') throw error;
            deadlocks += 1;
            queue.push(...batch);
          }
          holes.push(
            ...(await rows('SELECT outbox FROM entries GROUP BY outbox HAVING count(*) <> max(seq) OR min(seq) <> 1')),
          );
        }
      }),
    );
    expect(holes).toEqual([]);
    expect(deadlocks).toBe(0);
    expect(await count('runs')).toBe(160);
    expect(await count('parked')).toBe(0);
    expect(await rows('SELECT DISTINCT next_seq FROM outboxes')).toEqual([{ next_seq: '82' }]);
    expect(await count('refused')).toBe(0);
  });
});

describe('what is not what it says it is', () => {
  it.each([
    [
      'an unknown verdict',
      (message: Record<string, unknown>) => ({ ...message, record: { verdict: 'perhaps' } }),
      'FLEET_MESSAGE_INVALID',
    ],
    ['another schema', (message: Record<string, unknown>) => ({ ...message, schema: 2 }), 'FLEET_MESSAGE_INVALID'],
    [
      'a NUL, which no text of the database holds',
      (message: Record<string, unknown>) => ({ ...message, record: { ...(message.record as object), cause: 'a\0b' } }),
      'ENTRY_REFUSED',
    ],
    [
      'half a surrogate pair',
      (message: Record<string, unknown>) => ({ ...message, record: { ...(message.record as object), more: '\ud800' } }),
      'ENTRY_REFUSED',
    ],
    [
      'a run id that no index holds',
      (message: Record<string, unknown>) => ({
        ...message,
        record: {
          ...(message.record as object),
          runId: Array.from({ length: 9_000 }, (_, i) => (i * 7919) % 9973).join(''),
        },
      }),
      'ENTRY_REFUSED',
    ],
    [
      'a day that there was not',
      (message: Record<string, unknown>) => ({
        ...message,
        record: { ...(message.record as object), startedAt: '0000-01-01T00:00:00Z' },
      }),
      'ENTRY_REFUSED',
    ],
  ] as const)('(%s) is kept as refused and stops nobody behind it', async (_, change, code) => {
    const box = makeOutbox('a', { runs: 3, events: false });
    const poisoned = box.entries.map((entry) => (entry.seq === 2 ? changed(entry, change) : entry));
    const taken = await take(first(), box, poisoned);
    expect(taken.reached).toMatchObject([{ upTo: 4, refused: [{ seq: 2, code }] }]);
    expect(await count('runs')).toBe(2);
    const [refused] = await rows('SELECT seq, station, code, payload FROM refused');
    expect(refused).toMatchObject({ seq: '2', station: 'a', code });
    expect(refused.payload.toString()).toBe(poisoned[1]?.payload);
    // The receipt may have been lost: who sends it again is told again.
    expect((await take(first(), box, poisoned)).reached).toMatchObject([{ upTo: 4, refused: [{ seq: 2, code }] }]);
  });

  it('is found also where it was parked first', async () => {
    const box = makeOutbox('a', { runs: 2, events: false });
    const [plan, one, two] = box.entries as [MadeEntry, MadeEntry, MadeEntry];
    const poisoned = changed(two, (message) => ({ ...message, record: { ...(message.record as object), more: '\0' } }));
    await take(first(), box, [one, poisoned]);
    expect((await take(first(), box, [plan])).reached).toMatchObject([{ upTo: 3, refused: [{ seq: 3 }] }]);
    expect(await count('runs')).toBe(1);
  });

  it('a plan under another plan’s hash is refused', async () => {
    const box = makeOutbox('a', { runs: 0 });
    const forged = box.entries.map((entry) => changed(entry, (message) => ({ ...message, text: 'limits: none' })));
    expect((await take(first(), box, forged)).refused).toMatchObject([{ code: 'FLEET_MESSAGE_INVALID' }]);
    expect(await count('plans')).toBe(0);
  });
});

describe('copies of a storage card', () => {
  it('under one name: another entry under a number that was taken, or parked, is kept apart and told', async () => {
    const box = makeOutbox('a', { runs: 3, events: false });
    const twin = makeOutbox('a', { runs: 3, events: false, outbox: box.outbox, jumpsAt: 0 });
    await take(first(), box, [box.entries[0], box.entries[1], box.entries[3]] as MadeEntry[]);
    const told = await take(first(), twin, [twin.entries[1], twin.entries[3]] as MadeEntry[]);
    expect(told.reached).toMatchObject([
      {
        upTo: 2,
        refused: [
          { seq: 2, code: 'OUTBOX_CONFLICT' },
          { seq: 4, code: 'OUTBOX_CONFLICT' },
        ],
      },
    ]);
    await take(first(), box, box.entries);
    expect(await count('runs')).toBe(3);
    expect(await count('refused')).toBe(2);
  });

  it('under another name: it is told that nothing of it was taken, and the first goes on', async () => {
    const box = makeOutbox('a', { runs: 3, events: false });
    const twin = makeOutbox('b', { runs: 3, events: false, outbox: box.outbox });
    await take(first(), box, box.entries.slice(0, 2));
    const told = await take(first(), twin, twin.entries.slice(2));
    expect(told.reached).toContainEqual({
      station: 'b',
      outbox: box.outbox,
      upTo: 0,
      refused: expect.arrayContaining([expect.objectContaining({ seq: 3, code: 'OUTBOX_CONFLICT' })]),
    });
    expect(upTo(await take(first(), box, box.entries.slice(2)))).toEqual([4]);
    expect(await rows('SELECT DISTINCT station FROM runs')).toEqual([{ station: 'a' }]);
  });
});

describe('a run that is there already', () => {
  it('is not taken again from another outbox, and is refused where it says something else', async () => {
    const before = makeOutbox('a', { runs: 2, events: false });
    const after = makeOutbox('a', { runs: 2, events: false });
    await take(first(), before, before.entries);
    const [plan, same, other] = after.entries as [MadeEntry, MadeEntry, MadeEntry];
    const judgedAgain = changed(other, (message) => ({
      ...message,
      record: { ...(message.record as object), verdict: 'fail' },
    }));
    const taken = await take(first(), after, [plan, same, judgedAgain]);
    expect(taken.reached).toMatchObject([{ upTo: 3, refused: [{ seq: 3, code: 'RUN_CONFLICT' }] }]);
    expect(await rows(`SELECT DISTINCT outbox, verdict FROM runs`)).toEqual([
      { outbox: before.outbox, verdict: 'pass' },
    ]);
  });
});
