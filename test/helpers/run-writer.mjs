// Writes run after run as a daemon does, without a phone, until it is killed: prints the id of each that is finished.
// node run-writer.mjs RUNS_DIRECTORY PLAN
const [runsDirectory, planPath] = process.argv.slice(2);
const dist = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
const { createRunFolder, finishRecord } = await dist('records/run-folder.js');
const { buildRecord } = await dist('records/record.js');
const { createTimelineLog } = await dist('timeline/log.js');
const { systemClock: clock } = await dist('timeline/clock.js');
const { loadPlan } = await dist('plan/load-plan.js');
const { judge } = await dist('stages/replay.js');

const plan = loadPlan(planPath);
for (;;) {
  const request = { runsDirectory, station: 'kill', port: 'sim1', plan, board: '/dev/none', simulator: null };
  const folder = await createRunFolder(request, clock);
  const log = createTimelineLog(folder.files.timeline, clock);
  const events = [log.append({ kind: 'run-start', runId: folder.id, limited: [] })];
  for (let index = 0; index < 40; index += 1)
    events.push(log.append({ kind: 'current', periodMs: 10, milliamps: [100, 101, 102], jackMillivolts: 47_000 }));
  events.push(log.append({ kind: 'end', reason: 'a test' }));
  await log.close();
  const stages = judge(plan.plan, events).results;
  const { startedAt } = folder;
  await finishRecord(
    folder.path,
    buildRecord({
      runId: folder.id,
      station: 'kill',
      port: 'sim1',
      startedAt,
      plan,
      stages,
      events,
      counts: log.counts(),
    }),
  );
  process.stdout.write(`${folder.id}\n`);
}
