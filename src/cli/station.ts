import { join, resolve } from 'node:path';
import type { SupplyKeeper } from '../bench/supply-keeper.js';
import { type Audit, openAudit } from '../http/audit.js';
import type { HttpSide } from '../http/server.js';
import { loadTokens } from '../http/tokens.js';
import { loadBenchFile } from '../plan/load-bench-file.js';
import type { FleetView } from '../station/fleet-metrics.js';
import { keepLeases } from '../station/lease-store.js';
import { createLeases, type LeaseRequest, type Leases, leaseExpired } from '../station/leases.js';
import { isJournal, logRun, openLog, type StationLog } from '../station/log.js';
import { type PlanSets, planSetRunner, tellFleetOfPlanSets, tellOfPlanSets } from '../station/plan-sets.js';
import { lockingRunner, openPortLocks, type PortLocks } from '../station/port-locks.js';
import { createRecordsDesk, type RecordsDesk } from '../station/records/desk.js';
import { keepRetention } from '../station/records/retention.js';
import { createRunDesk, type RunDesk } from '../station/run-desk.js';
import { needsOf } from '../station/run-holds.js';
import { startStation } from '../station/station.js';
import { type HttpOptions, tlsOf, withHttp } from './http-options.js';
import { localPlans, openPlanSets } from './station-plans.js';
import { type BenchOptions, type RegisterVerb, type VerbContext, withBench } from './verb.js';

interface StationOptions extends BenchOptions, HttpOptions {
  readonly plans?: string;
}

export const registerStation: RegisterVerb = (program, context) => {
  const { composition, signal } = context;
  const { terminal, clock } = composition;
  const command = withHttp(
    program
      .command('station')
      .description(
        'the daemon: owns the boards of a bench file, answers on a local socket and, with --http, in a browser',
      ),
  ).option('--plans <folder>', 'plans that can be run from the page (default: those that came with this program)');
  withBench(command, context).action(async (options: StationOptions) => {
    // Before the simulated bench takes this process into a network of its own: the page must be seen from outside.
    const listener = options.http === undefined ? undefined : composition.inheritListener(options.http);
    const bench = loadBenchFile(options.bench);
    const planSets = openPlanSets(bench, options, composition);
    const goldenPlanPath = planSets?.goldenPlanPath;
    const runner = await composition.openRunner(options.bench, {
      ...options,
      isDaemon: true,
      ...(goldenPlanPath === undefined ? {} : { goldenPlanPath }),
    });
    const form = options.json ? 'json' : isJournal(process.env.JOURNAL_STREAM) ? 'journal' : 'text';
    const log = openLog(form, clock, (line) => terminal.line(line));
    const cutRuns = await runner.recoverCutRuns();
    for (const cut of cutRuns)
      log(`cut run completed: ${cut.folder} (${cut.record.cause})`, {
        level: 'warning',
        port: cut.record.port,
        runId: cut.record.runId,
      });
    const audit = openAudit(join(resolve(options.state), 'audit.ndjson'), clock);
    const { runsDirectory, retention, diskReserveBytes, shared, fleet: terms } = bench;
    const locks = openPortLocks(runsDirectory, clock);
    if (planSets !== undefined) {
      tellOfPlanSets(planSets.keeper, { log, audit });
      await planSets.keeper.check();
    }
    const byPlan = planSets === undefined ? runner : planSetRunner(runner, planSets);
    const lockingWith = lockingRunner(byPlan, locks, (port) => {
      audit({ action: 'locked', who: 'station', from: 'board', detail: { port, code: locks.of(port)?.code ?? null } });
      log(`${port} is locked (${locks.of(port)?.code}): linkpulse board unlock --port ${port}`, {
        level: 'error',
        port,
      });
    });
    // Whoever unlocks has looked at the jack.
    locks.onChange((port) => {
      if (locks.of(port) === undefined) runner.supplies.of(port)?.proven();
    });
    const leases = createLeases(clock);
    const desk = createRunDesk(lockingWith, {
      firstId: clock.wallClock().getTime(),
      hasPage: listener !== undefined,
      ...{ locks, leases, shared },
      needs: needsOf(bench),
      planSets,
    });
    const expired = ({ thing, owner, purpose }: LeaseRequest) => {
      log(`${thing.name}: the time of ${owner}${purpose === '' ? '' : ` (${purpose})`} is over`);
      const detail = { [thing.kind]: thing.name, owner, purpose };
      try {
        audit({ action: 'lease-expired', who: 'station', from: 'clock', detail });
      } catch (error) {
        // Nobody is there to be refused, and the thing must become free.
        log(`audit: ${String(error)}`, { level: 'error' });
      }
    };
    leases.onChange(({ what, lease, why }) => what === 'ended' && why === leaseExpired && expired(lease));
    keepLeases(join(resolve(options.state), 'leases.json'), leases, {
      ...{ clock, log, lapsed: expired },
      has: ({ kind, name }) => (kind === 'port' ? desk.ports : shared).includes(name),
    });
    desk.onMessage(({ news }) => logRun(news, log));
    const fleet =
      terms === null
        ? undefined
        : await (await import('../station/fleet.js')).openFleet({
            ...{ terms, desk, clock, runsDirectory, log },
            station: runner.station,
            version: composition.version,
            ports: runner.ports,
            folder: join(resolve(options.state), 'outbox'),
            through: composition.wayOut(),
            recoveredRuns: cutRuns.map(({ record }) => record.runId),
            ...(planSets === undefined ? {} : { onPlanSet: planSets.keeper.take }),
          });
    if (planSets !== undefined && fleet !== undefined) tellFleetOfPlanSets(planSets.keeper, fleet);
    const records = createRecordsDesk({ runsDirectory, command: composition.commandLine(['records-worker']) });
    const { socket: socketPath } = options;
    const station = await startStation({
      name: runner.station,
      runner: desk,
      socketPath,
      clock,
      locks,
      audit,
      leases,
      shared,
      planSets,
    });
    audit({
      action: 'station-started',
      who: 'station',
      from: 'socket',
      detail: { station: runner.station, bench: resolve(options.bench), version: composition.version },
    });
    log(`station ${runner.station} answers on ${station.socketPath}; ports: ${runner.ports.join(', ')}`);
    const http =
      listener === undefined
        ? undefined
        : await openHttp(context, options, {
            desk,
            name: runner.station,
            log,
            listener,
            locks,
            supplies: runner.supplies,
            leases,
            shared,
            audit,
            records,
            runsDirectory,
            diskReserveBytes,
            fleet: fleet ?? null,
            planSets,
          });
    const endRetention =
      retention === null ? undefined : keepRetention({ retention, desk, records, clock, audit, log });
    const manager = composition.serviceManager();
    const ports = `ports ${runner.ports.join(', ')}`;
    manager.tell('READY=1', `STATUS=${ports}`);
    const feeding =
      manager.feedEveryMs === null ? undefined : clock.every(manager.feedEveryMs, () => manager.tell('WATCHDOG=1'));
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    manager.tell('STOPPING=1', 'STATUS=switching power off');
    endRetention?.();
    records.close();
    planSets?.keeper.close();
    await station.close(String(signal.reason));
    log('station closed, power off');
    await fleet?.close();
    await http?.close();
    feeding?.cancel();
  });
};

const openHttp = async (
  { composition, signal }: VerbContext,
  options: StationOptions,
  of: {
    readonly desk: RunDesk;
    readonly name: string;
    readonly log: StationLog;
    readonly locks: PortLocks;
    readonly supplies: SupplyKeeper;
    readonly leases: Leases;
    readonly shared: readonly string[];
    readonly audit: Audit;
    readonly records: RecordsDesk;
    readonly runsDirectory: string;
    readonly diskReserveBytes: number;
    readonly fleet: FleetView | null;
    readonly planSets: PlanSets | undefined;
    readonly listener: { readonly descriptor: number; readonly port: number };
  },
): Promise<HttpSide> => {
  const { clock, defaults } = composition;
  const state = resolve(options.state);
  const tokens = loadTokens(join(state, 'tokens.json'));
  const tls = tlsOf(options, (text) => of.log(text, { level: 'warning' }));
  const plans = of.planSets?.plans ?? localPlans(resolve(options.plans ?? defaults.plansPath), state, of.audit);
  // Fastify is waited for only where somebody is to be served.
  const { createHttpSide } = await import('../station/http/server.js');
  const http = await createHttpSide({
    desk: of.desk,
    station: of.name,
    version: composition.version,
    clock,
    tokens,
    audit: of.audit,
    locks: of.locks,
    supplies: of.supplies,
    leases: of.leases,
    fleet: of.fleet,
    shared: of.shared,
    runsDirectory: of.runsDirectory,
    records: of.records,
    plans,
    pageFolders: composition.pageFolders,
    tls,
    log: of.log,
    diskReserveBytes: of.diskReserveBytes,
    closing: signal,
  });
  await http.listen(of.listener);
  const address = `${tls === undefined ? 'http' : 'https'}://${options.http?.host}:${of.listener.port}/`;
  of.log(`page and API on ${address}; sign in once by ${address}#token=${tokens.firstOf('operator') ?? '...'}`);
  return http;
};
