import pg from 'pg';
import { afterEach, expect, it, type TestContext } from 'vitest';
import { claimPlant, databaseVersion, migrate, versionOfDatabase } from '../../src/fleet/collector/migrations.js';
import { startPostgres } from '../helpers/engines.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const database = async (context: TestContext) => {
  const postgres = await startPostgres(context);
  open.push(postgres);
  return async (user = 'linkpulse') => {
    const client = new pg.Client({ connectionString: postgres.url.replace('linkpulse@', `${user}@`) });
    client.on('error', () => {});
    await client.connect();
    open.push({ close: () => client.end() });
    return client;
  };
};

it('are run once by however many collectors that begin at once, and later only looked at', async (context) => {
  const connect = await database(context);
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
  const found = await Promise.all(clients.map((client) => migrate(client)));
  expect(found.every((version) => version === 0 || version === databaseVersion)).toBe(true);
  const [first] = clients as [pg.Client];
  expect(await versionOfDatabase(first)).toBe(databaseVersion);
  expect((await first.query('SELECT version FROM schema_versions ORDER BY version')).rowCount).toBe(databaseVersion);
  await Promise.all(clients.map((client) => claimPlant(client, 'hamburg')));
  await expect(claimPlant(first, 'oslo')).rejects.toMatchObject({ code: 'DATABASE_REFUSED' });

  // Whoever may write and make no tables works on tables that stand.
  await first.query('CREATE ROLE writer LOGIN; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO writer');
  const writer = await connect('writer');
  expect(await migrate(writer)).toBe(databaseVersion);
  await claimPlant(writer, 'hamburg');
});

it('refuse tables of a later version and leave them', async (context) => {
  const client = await (await database(context))();
  await migrate(client);
  await client.query('INSERT INTO schema_versions VALUES ($1)', [databaseVersion + 1]);
  await expect(migrate(client)).rejects.toMatchObject({ code: 'DATABASE_TOO_NEW' });
  expect(await versionOfDatabase(client)).toBe(databaseVersion + 1);
});
