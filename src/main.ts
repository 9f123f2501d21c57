#!/usr/bin/env node
/** The only composition root: builds drivers or the simulated bench, and hands them on as contracts. */
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBoards } from './bench/boards.js';
import type { OpenPort, PortOpener } from './bench/port.js';
import { lockInterface } from './bench/port-lock.js';
import { within } from './bench/power-off.js';
import { powerTerms } from './bench/power-terms.js';
import type { ServedWire } from './bench/serve.js';
import { createRunner } from './bench/session.js';
import { createFirmwareTools } from './board/avrdude.js';
import { boardLineNumbers, boardLinesRequest, heartbeatLinesRequest } from './board/board-lines.js';
import { combineInjector } from './board/combined-injector.js';
import { openGpioInjector } from './board/gpio-injector.js';
import type { Injector } from './board/injector.js';
import { profileIdOf, storedProfile } from './board/profile-id.js';
import { nextPress, startButtonRequest } from './board/start-button.js';
import { centralPageFolders, stationPageFolders } from './cli/pages.js';
import { runProgram } from './cli/program.js';
import { openTerminal } from './cli/terminal.js';
import type { RunnerOptions } from './cli/verb.js';
import { hearDhcpServers, longEnoughSeconds } from './doctor/dhcp-probe.js';
import { examine } from './doctor/examine.js';
import { BenchError } from './errors.js';
import { bridgeToUplink } from './network/bridged-network.js';
import { openCapture } from './network/capture.js';
import type { PortNetwork } from './network/ip-attachment.js';
import { openLimitedNetwork } from './network/limited-network.js';
import { createVethTo, openRealNetwork } from './network/real-network.js';
import { openTrunkNetwork } from './network/trunk-network.js';
import { endProcess } from './os/end-process.js';
import { createMockedGpio } from './os/gpio/mocked-gpio.js';
import { openGpio } from './os/gpio/open-gpio.js';
import { inheritListener } from './os/inherited-listener.js';
import { lowerPriority } from './os/low-priority.js';
import { enterPrivateNetwork } from './os/namespace.js';
import { grantCommand, missingCapabilities, readNetworkRights } from './os/network-rights.js';
import { findServiceManager } from './os/service-manager.js';
import { findWayOut, leaveWayOut } from './os/way-out.js';
import type { HardwarePort, SimulatedPort } from './plan/bench-file.js';
import { type FaultRow, faultTable } from './plan/faults.js';
import { brokerAddress } from './plan/fleet-terms.js';
import { loadBenchFile } from './plan/load-bench-file.js';
import { loadPlan } from './plan/load-plan.js';
import type { Plan } from './plan/plan.js';
import { createReportThread } from './reports/report-thread.js';
import { writeReports } from './reports/write-reports.js';
import type { SimulatorConfig } from './sim/contracts.js';
import { attachSimulator, type SimulatorHandle, type SimulatorRack, startRack, startSimulator } from './sim/launch.js';
import { wireLines } from './sim/line-wires.js';
import { systemClock } from './timeline/clock.js';
import { prepareXml } from './wire/cnf-xml.js';

const clock = systemClock;

/** Whoever only reads a capture or a record need not wait for serialport and johnny-five. */
const serialBoards = async () => ({
  ...(await import('./board/find-boards.js')),
  ...(await import('./board/open-board.js')),
  ...(await import('./board/serial-injector.js')),
});
const packageRoot = fileURLToPath(new URL('..', import.meta.url));
const shipped = (path: string) => {
  const fromHere = relative(process.cwd(), join(packageRoot, path));
  return fromHere.startsWith('..') ? join(packageRoot, path) : fromHere;
};

/** The bench's own MAC on a simulated wire (locally administered). */
const simulatedBenchMac = '02:4c:50:00:00:01';
/** The lease a simulated phone had where it came from: a real one uses it as IP source of its first DISCOVER. */
const simulatedPhonesLastAddress = '10.10.15.62';
/** A simulated bench that nobody holds any more ends by itself: long enough for a daemon to be started anew. */
const orphanSeconds = 30;

/** Limited mode: two runs at once must not meet on loopback; shifted service ports stay below the ephemeral ones. */
const limitedOffsets = { from: 10_000, count: 17_000 };

const namespaceWithinMs = 10_000;

/** A simulated bench that does not stop is killed after 5 s. */
const closeStepMs = 12_000;

/** The board first; a step that hangs or fails keeps no other from its turn. */
const closeInOrder = async (steps: readonly (() => Promise<unknown>)[]): Promise<void> => {
  for (const step of steps) await within(clock, 'closing a port', step(), closeStepMs).catch(() => {});
};

/** Faults the simulator is told of; the others are the services' or are done to the daemon. */
const isOfTheSimulator = (fault: string): boolean => {
  const row: FaultRow | undefined = (faultTable as Readonly<Record<string, FaultRow>>)[fault];
  return row?.where === 'jack' || row?.where === 'phone';
};

const refuseWithoutRights = (interfaceName: string): void => {
  const missing = missingCapabilities(readNetworkRights());
  if (missing.length > 0)
    throw new BenchError('NETWORK_PERMISSION', `${missing.join(', ')} missing on ${interfaceName}`, {
      remedy: `Run it with sudo, or grant them: ${grantCommand(missing)}`,
    });
};

const joined = (wire: PortNetwork, uplink: string | null): PortNetwork =>
  uplink === null ? wire : bridgeToUplink(wire, { uplink, clock });

/** By its lines: a chip of this process's own is wired to the board's, which has the plan's profile unless the port names one. */
const openSimulatedBoard = async (
  ptyPath: string,
  linesPath: string,
  { driver, profile }: SimulatedPort,
  plan: Plan,
): Promise<Injector> => {
  const { openSerialInjector } = await serialBoards();
  if (driver === 'serial') return openSerialInjector(ptyPath, clock);
  const chip = createMockedGpio(clock);
  await wireLines(linesPath, chip, boardLineNumbers, clock);
  if (driver === 'both')
    return combineInjector(
      await openSerialInjector(ptyPath, clock, { heartbeat: 'line' }),
      chip.open(heartbeatLinesRequest),
    );
  const lines = chip.open(boardLinesRequest);
  return openGpioInjector({ lines, clock, profileId: profile ?? profileIdOf(powerTerms(plan)), serial: '' });
};

/** Modelled boards share a process; it ends by itself when it has stood empty. */
let rack: Promise<SimulatorRack> | undefined;
const rackOf = (limited: boolean): Promise<SimulatorRack> => {
  rack ??= startRack(
    { rackPath: join(mkdtempSync(join(tmpdir(), 'linkpulse-rack-')), 'rack.sock'), orphanSeconds },
    { netNamespace: !limited },
    clock,
  );
  return rack;
};

const startBench = async (config: SimulatorConfig, limited: boolean): Promise<SimulatorHandle> => {
  if (config.board !== 'modelled') return startSimulator(config, { netNamespace: !limited }, clock);
  const asked = rackOf(limited);
  try {
    return await (await asked).add(config);
  } catch {
    // It stood empty for long, or died: the next one is another process, one for all who were turned away.
    if (rack === asked) rack = undefined;
    return (await rackOf(limited)).add(config);
  }
};

const openSimulatedPort = async (
  port: SimulatedPort,
  plan: Plan,
  faults: ReadonlySet<string>,
  limited: boolean,
  uplink: string | null,
): Promise<OpenPort> => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-sim-'));
  const controlPath = join(folder, 'control.sock');
  const witnessPath = join(folder, 'witness.ndjson');
  const linesPath = join(folder, 'lines.sock');
  const names = { bench: `lp-${port.name}`.slice(0, 15), phone: `ph-${port.name}`.slice(0, 15) };
  const frames = {
    socketPath: join(folder, 'frames.sock'),
    portOffset: limitedOffsets.from + randomInt(limitedOffsets.count),
  };
  const undo: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    await closeInOrder(undo.reverse());
  };
  try {
    const early = limited ? await openLimitedNetwork({ ...frames, macAddress: simulatedBenchMac, clock }) : undefined;
    if (early !== undefined) undo.push(() => early.close());
    const simulator = await startBench(
      {
        board: port.firmware === 'modelled' ? 'modelled' : 'firmware',
        faults: [...faults].filter(isOfTheSimulator),
        phone: {
          ...port.phone,
          previousAddress: simulatedPhonesLastAddress,
          ...(plan.sip.digest === null ? {} : { sipCredentials: plan.sip.digest }),
        },
        timers: plan.simulation,
        network: limited ? { kind: 'limited', ...frames } : { kind: 'real', interface: names.phone },
        ...(port.driver === 'lines' ? { profile: storedProfile(powerTerms(plan)) } : {}),
        controlPath,
        linesPath,
        witnessPath,
        orphanSeconds,
      },
      limited,
    );
    undo.push(() => simulator.stop());
    if (!limited) {
      const cable = await createVethTo(simulator.pid, { names, clock, timeoutMs: namespaceWithinMs });
      undo.push(() => cable.close());
    }
    const wire = early ?? (await openRealNetwork({ interface: names.bench, clock }));
    if (early === undefined) undo.push(() => wire.close());
    const network = joined(wire, uplink);
    undo.push(() => network.close());
    const injector = await openSimulatedBoard(simulator.ptyPath, linesPath, port, plan);
    undo.push(() => injector.close());
    return {
      injector,
      network,
      uplink,
      boardPath: simulator.ptyPath,
      simulator: { pid: simulator.pid, controlPath, witnessPath },
      pacing: async () => {
        const { slipUs, worstLagUs, speed } = await simulator.command('status');
        return { slipMs: Number(slipUs) / 1000, worstLagMs: Number(worstLagUs) / 1000, speed: Number(speed) };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const openHardwareNetwork = ({ interface: name, trunk }: HardwarePort): Promise<PortNetwork> =>
  trunk === undefined
    ? openRealNetwork({ interface: name, clock })
    : openTrunkNetwork({ ...trunk, trunk: name }, clock);

const createOpener = (limited: boolean): PortOpener => ({
  open: async (port, plan, faults, uplink) => {
    if (uplink !== null) refuseWithoutRights(uplink);
    if (uplink !== null && port.kind === 'simulated' && limited)
      throw new BenchError('USAGE', 'limited mode has no interface to bridge: run --observe without --limited');
    if (port.kind === 'simulated') return openSimulatedPort(port, plan, faults, limited, uplink);
    let network = await openHardwareNetwork(port);
    try {
      network = joined(network, uplink);
      const { injector, path } = await (await serialBoards()).openBoard(port, clock);
      const close = () => closeInOrder([() => injector.close(), () => network.close()]);
      return { injector, network, uplink, boardPath: path, simulator: null, pacing: async () => null, close };
    } catch (error) {
      await network.close();
      throw error;
    }
  },
  openBoard: async (boardPath) => (await serialBoards()).openSerialInjector(boardPath, clock),
  release: async ({ controlPath }) => {
    const simulator = await attachSimulator(controlPath, clock);
    await simulator?.stop();
    rmSync(join(controlPath, '..'), { recursive: true, force: true });
  },
});

const defaultPlan = shipped('plans/cp-7960g.yaml');

const boards = createBoards({
  loadBench: loadBenchFile,
  sight: async (paths) => (await serialBoards()).sightBoards(paths, clock),
  openHardware: async (port) => (await serialBoards()).openBoard(port, clock),
  openSimulated: async (port) => {
    const { injector, boardPath, close } = await openSimulatedPort(
      port,
      loadPlan(defaultPlan).plan,
      new Set(),
      true,
      null,
    );
    return { path: boardPath, injector, close };
  },
});

const terminal = openTerminal();

const commandLine = (words: readonly string[]): readonly [string, ...string[]] => [
  process.execPath,
  fileURLToPath(import.meta.url),
  ...words,
];

/** What a first run would wait for half a second, and every other run's heartbeat with it, a daemon loads before. */
const prepareDaemon = () => {
  const reports = createReportThread();
  reports.begin();
  prepareXml();
  void serialBoards();
  return reports.write;
};

const openRunner = async (benchPath: string, options: RunnerOptions) => {
  const bench = loadBenchFile(benchPath);
  const isSimulated = bench.ports.some((port) => port.kind === 'simulated');
  let limited = isSimulated && options.limited;
  if (isSimulated && !limited && options.observe !== true) {
    // A simulated station is one of a plant all the same.
    if (options.isDaemon === true && bench.fleet !== null)
      leaveWayOut(commandLine(['way-out', ...brokerAddress(bench.fleet.broker.url)]), process.env);
    const entered = enterPrivateNetwork([...process.execArgv, ...process.argv.slice(1)], process.env);
    if (entered.kind === 'forbidden') {
      terminal.error(`${entered.reason}; going on in limited mode`);
      limited = true;
    }
  }
  const write = options.isDaemon === true ? prepareDaemon() : writeReports;
  const { goldenPlanPath } = options;
  return createRunner({
    bench,
    opener: createOpener(limited),
    clock,
    openCapture,
    writeReports: write,
    ...(goldenPlanPath === undefined ? {} : { goldenPlanPath }),
  });
};

const openWire = async (name: string, options: { readonly isShared: boolean }): Promise<ServedWire> => {
  refuseWithoutRights(name);
  const lock = lockInterface(name);
  try {
    const network = await openRealNetwork({ interface: name, clock, ...options });
    return {
      network,
      hearDhcpServers: (vlans, signal) =>
        hearDhcpServers(network.link, { seconds: longEnoughSeconds, clock, vlans, signal }),
      close: () => network.close().finally(() => lock.release()),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
};

const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { readonly version: string };

const exitCode = await runProgram(process.argv.slice(2), {
  version: manifest.version,
  clock,
  terminal,
  defaults: {
    benchPath: shipped('plans/bench.simulated.yaml'),
    planPath: defaultPlan,
    quickPlanPath: shipped('plans/quick.yaml'),
    plansPath: shipped('plans'),
    socketPath: join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `linkpulse-${process.getuid?.() ?? 0}.sock`),
  },
  openRunner,
  openWire,
  boards,
  pageFolders: stationPageFolders(packageRoot),
  centralPageFolders: centralPageFolders(packageRoot),
  inheritListener: ({ host, port }) => inheritListener(host, port, process.env),
  examine: (benchPath) => examine(loadBenchFile(benchPath), clock),
  startButton: async (signal) => {
    const lines = await openGpio(startButtonRequest, clock);
    try {
      await nextPress(lines, signal);
    } finally {
      lines.close();
    }
  },
  serviceManager: () => findServiceManager(process.env),
  service: { packageRoot: packageRoot.replace(/\/$/, ''), nodePath: process.execPath, station: hostname() },
  firmware: createFirmwareTools(shipped('hardware/firmware'), clock),
  simulatorCommand: async ({ controlPath }, command) => {
    const simulator = await attachSimulator(controlPath, clock);
    return (await simulator?.command(command)) ?? {};
  },
  lowerPriority,
  wayOut: () => findWayOut(process.env),
  commandLine,
});

// Not process.exit: that waits for threads, and one may hang in a disk's write. What a verb says is written by now.
endProcess(exitCode);
