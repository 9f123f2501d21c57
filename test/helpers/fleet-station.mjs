/**
 * A station's side of the fleet, in a process that may be killed at any moment: "runs" phones (a record that is written), so
 * many on each of some ports, and ends when the database holds everything. What an earlier process of the folder left is
 * completed first, as a station does it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStationLink } from '../../dist/fleet/station-link.js';
import { systemClock } from '../../dist/timeline/clock.js';
import { sleep } from '../../dist/timeline/wait.js';

const { folder, url, plant, station, ports, runsOfPort, template } = JSON.parse(process.argv[2]);
const runs = join(folder, 'runs');
mkdirSync(runs, { recursive: true });
const made = JSON.parse(readFileSync(template, 'utf8'));

const dayMs = 86_400_000;
/** Years back and forth: nothing may hang on it. */
let jumpMs = 0;
const clock = { ...systemClock, wallClock: () => new Date(Date.now() + jumpMs) };

const isFinished = (runId) => existsSync(join(runs, runId, 'record.json'));
const finish = (runId, port) => {
  const record = { ...made, runId, station, port, startedAt: clock.wallClock().toISOString() };
  writeFileSync(join(runs, runId, 'record.json.new'), JSON.stringify(record));
  renameSync(join(runs, runId, 'record.json.new'), join(runs, runId, 'record.json'));
};
const cut = readdirSync(runs).filter((runId) => !isFinished(runId));
for (const runId of cut) finish(runId, runId.split('-')[1]);

const link = await openStationLink({
  terms: {
    broker: { url, username: null, passwordPath: null, caPath: null, certPath: null, keyPath: null },
    ...{ plant, page: null, planKeyPath: null },
  },
  ...{ station, version: '1', ports, runsDirectory: runs, folder: join(folder, 'outbox'), clock, through: null },
  recoveredRuns: cut,
  log: (text, { level }) => level !== 'info' && console.log(`log ${text}`),
});
console.log('open');

const workPort = async (port) => {
  for (let count = 1; count <= runsOfPort; count += 1) {
    const runId = `${station}-${port}-${String(count).padStart(5, '0')}`;
    if (existsSync(join(runs, runId))) continue;
    while (link.status().waiting + link.status().missing > 500) await sleep(systemClock, 50);
    mkdirSync(join(runs, runId));
    link.runStarted(port, { runId, plan: 'quick', serial: null });
    // A real run takes longer than this.
    while (!existsSync(join(folder, 'outbox/pending', runId))) await sleep(systemClock, 2);
    await sleep(systemClock, 20);
    if (count % 25 === 0) jumpMs = (count % 50 === 0 ? -1 : 1) * 3_000 * dayMs;
    finish(runId, port);
    link.runEnded(port, { runId, verdict: 'pass', blame: null, cause: '', deviceId: null, serial: null });
  }
};
await Promise.all(ports.map(workPort));
for (;;) {
  const { waiting, missing } = link.status();
  if (waiting === 0 && missing === 0) break;
  await sleep(systemClock, 100);
}
console.log(`done ${link.status().sentAgain}`);
await link.close();
process.exit(0);
