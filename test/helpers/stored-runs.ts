/** Records in a plant's database as a collector leaves them. */
import pg from 'pg';
import { migrate } from '../../src/fleet/collector/migrations.js';
import { planModel } from '../../src/records/plan-model.js';
import type { RunRecord } from '../../src/records/record.js';
import { decidingStage } from '../../src/records/run-index.js';

const outbox = '3f7c2f56-6a07-4f55-9f0e-6f4f0d3a5d11';

/** Tables, a role `looker` that may only read, and these runs. */
export const storeRuns = async (url: string, records: readonly RunRecord[]): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await migrate(client);
    await client.query("INSERT INTO plant (name) VALUES ('north') ON CONFLICT DO NOTHING");
    for (const [index, record] of records.entries()) {
      const { phone, plan } = record;
      const { text, ...withoutText } = plan;
      await client.query('INSERT INTO plans (hash, name, text, model) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
        plan.hash,
        plan.name,
        text,
        planModel(plan),
      ]);
      await client.query(
        `INSERT INTO runs (station, run_id, outbox, seq, started_at, port, verdict, blame, stage, cause, exit_code, duration_ms,
           plan_name, plan_hash, unit, serial, mac, device_id, platform, load, golden, attempt, first_attempt, record)
         VALUES ($1, $2, '${outbox}', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
        [
          record.station,
          record.runId,
          index + 1,
          record.startedAt,
          record.port,
          record.verdict,
          record.blame,
          decidingStage(record),
          record.cause,
          record.exitCode,
          record.durationMs,
          plan.name,
          plan.hash,
          phone.serial ?? phone.deviceId ?? phone.mac,
          phone.serial ?? null,
          phone.mac,
          phone.deviceId,
          phone.platform,
          phone.load,
          record.golden != null,
          record.attempt?.number ?? 1,
          record.attempt?.first ?? record.runId,
          JSON.stringify({ ...record, plan: withoutText }),
        ],
      );
    }
    await client.query('CREATE ROLE looker LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker');
  } finally {
    await client.end();
  }
};
