/** Records in a plant's database, taken by a collector's own hand. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { isUnreadable, readBrokerMessage } from '../../src/fleet/collector/arrival.js';
import { claimPlant, migrate } from '../../src/fleet/collector/migrations.js';
import { takeBatch } from '../../src/fleet/collector/take.js';
import { fleetSchema } from '../../src/fleet/messages.js';
import { plantTopics } from '../../src/fleet/topics.js';
import type { RunRecord } from '../../src/records/record.js';

const topics = plantTopics('north');

/** An outbox a station: its plans, then its records in their order. */
const arrivalsOf = (records: readonly RunRecord[]) => {
  const outboxes = new Map<string, { readonly outbox: string; seq: number; readonly hashes: Set<string> }>();
  return records.flatMap((record) => {
    const { station, plan } = record;
    const box = outboxes.get(station) ?? { outbox: randomUUID(), seq: 0, hashes: new Set<string>() };
    outboxes.set(station, box);
    const arrival = (kind: 'plan' | 'record', content: object) => {
      box.seq += 1;
      const head = { schema: fleetSchema, station, outbox: box.outbox, seq: box.seq, at: record.startedAt, kind };
      const payload = Buffer.from(JSON.stringify({ ...head, ...content }));
      const read = readBrokerMessage({ topic: topics.station(station).out(kind), payload });
      if (isUnreadable(read)) throw new Error(read.reason);
      return read;
    };
    const { text, ...withoutText } = plan;
    const isKnown = box.hashes.has(plan.hash);
    box.hashes.add(plan.hash);
    return [
      ...(isKnown ? [] : [arrival('plan', { name: plan.name, hash: plan.hash, text })]),
      arrival('record', { record: { ...record, plan: withoutText } }),
    ];
  });
};

/** Tables, a role `looker` that may only read, and these runs. */
export const storeRuns = async (url: string, records: readonly RunRecord[]): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await migrate(client);
    await claimPlant(client, 'north');
    const { taken, refused } = await takeBatch(client, arrivalsOf(records));
    if (taken.record !== records.length || refused.length > 0)
      throw new Error(`${taken.record} of ${records.length} taken; refused: ${refused[0]?.message}`);
    await client.query('CREATE ROLE looker LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker');
  } finally {
    await client.end();
  }
};
