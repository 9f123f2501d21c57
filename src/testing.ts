/**
 * `linkpulse/testing`: what another project's unit tests need. Lines of a mocked GPIO chip, and the simulated board: the
 * real firmware image in a cycle-counting simulator behind a real serial port, with a virtual phone on its jack.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boardLineNumbers } from './board/board-lines.js';
import type { Injector, PowerTerms } from './board/injector.js';
import { storedProfile } from './board/profile-id.js';
import { openSerialInjector } from './board/serial-injector.js';
import { BenchError } from './errors.js';
import { faultTable } from './plan/faults.js';
import { startSimulator } from './sim/launch.js';
import { type ChipWires, wireLines } from './sim/line-wires.js';
import { systemClock } from './timeline/clock.js';

export { boardLineNumbers, boardLinesRequest } from './board/board-lines.js';
export { openGpioInjector } from './board/gpio-injector.js';
export type { BoardIdentity, BoardReport, Injector, PowerTerms } from './board/injector.js';
export { openSerialInjector } from './board/serial-injector.js';
export { BenchError, isBenchError } from './errors.js';
export type { GpioLines, GpioRequest } from './os/gpio/gpio-lines.js';
export { createMockedGpio, type MockedGpio } from './os/gpio/mocked-gpio.js';
export type { ChipWires } from './sim/line-wires.js';
export { systemClock } from './timeline/clock.js';

export interface SimulatedBoardOptions {
  /** What the phone on the jack is found by: its echo (a CP-7960G, the default) or its 802.3af signature (a CP-7961G). */
  readonly phone?: 'prestandard' | '802.3af';
  /** `firmware` (the default): the real image, instruction by instruction; `modelled`: what it does at its serial port, in a tenth of the time. */
  readonly board?: 'firmware' | 'modelled';
  /** Faults of the jack or the phone, by their names in docs/faults.md: `no-echo`, `short-circuit`, ... */
  readonly faults?: readonly string[];
  /** What the board powers by when its lines command it; left out: it has no profile, and its lines power nothing. */
  readonly profile?: PowerTerms;
}

export interface SimulatedBoard {
  /** The board's serial port, for whatever driver is to be tested. */
  readonly path: string;
  /** Our own driver on that port; opened at the first call, closed with the board. */
  injector(): Promise<Injector>;
  /**
   * The board's discrete lines on a chip's wires, by the numbers of the Pi's header, as the ribbon cable does it. Returns how
   * to pull it out.
   */
  wire(chip: ChipWires): Promise<{ cut(): void }>;
  /** Whether -48 V is on the jack, by the simulator's own word. */
  jackIsLive(): Promise<boolean>;
  setEstop(closed: boolean): Promise<void>;
  /** The USB cable is pulled out. */
  pullCable(): Promise<void>;
  close(): Promise<void>;
}

const models = {
  prestandard: { load: 'P00308010200', model: 'CP-7960G' },
  '802.3af': { load: 'SCCP41.8-3-3S', model: 'CP-7961G' },
} as const;
/** A phone in a hurry: no test waits for a real one's boot. */
const quickTimers = {
  bootMs: 200,
  linkUpMs: 300,
  cdpSyncMs: 300,
  dhcpRetryMs: 500,
  tftpRetryMs: 500,
  fileGapMs: 20,
  callManagerRetryMs: 500,
  cdpPeriodMs: 60_000,
};
/** Where a test is killed the simulator ends by itself. */
const orphanSeconds = 20;
/** Nobody listens there: the phone's network half stays without a wire. */
const portOffset = 20_000;

/** A board of its own for each call; close it in the test's `finally`. Throws BenchError SIMULATOR_FAILED, USAGE. */
export const startSimulatedBoard = async (options: SimulatedBoardOptions = {}): Promise<SimulatedBoard> => {
  const { phone = 'prestandard', board = 'firmware', faults = [], profile } = options;
  for (const fault of faults) {
    const where = Object.hasOwn(faultTable, fault) ? faultTable[fault as keyof typeof faultTable].where : undefined;
    if (where !== 'jack' && where !== 'phone') throw new BenchError('USAGE', `${fault} is no fault of jack or phone`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-testing-'));
  const simulator = await startSimulator(
    {
      board,
      faults: [...faults],
      phone: { mac: '00:0f:24:5a:79:60', power: phone, ...models[phone] },
      timers: quickTimers,
      network: { kind: 'limited', socketPath: join(folder, 'frames.sock'), portOffset },
      controlPath: join(folder, 'control.sock'),
      linesPath: join(folder, 'lines.sock'),
      ...(profile === undefined ? {} : { profile: storedProfile(profile) }),
      witnessPath: join(folder, 'witness.ndjson'),
      orphanSeconds,
    },
    { netNamespace: false },
    systemClock,
  );
  let injector: Promise<Injector> | undefined;
  const wires = new Set<{ cut(): void }>();
  return {
    path: simulator.ptyPath,
    injector: () => {
      injector ??= openSerialInjector(simulator.ptyPath, systemClock);
      return injector;
    },
    wire: async (chip) => {
      const wired = await wireLines(join(folder, 'lines.sock'), chip, boardLineNumbers, systemClock);
      wires.add(wired);
      return wired;
    },
    jackIsLive: async () => (await simulator.command('status')).conducting === true,
    setEstop: async (closed) => void (await simulator.command(closed ? 'estop-close' : 'estop-open')),
    pullCable: async () => void (await simulator.command('serial-unplug')),
    close: async () => {
      await injector?.then((opened) => opened.close()).catch(() => {});
      for (const wired of wires) wired.cut();
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
