import type { Command } from 'commander';
import type { Boards } from '../bench/boards.js';
import type { Runner } from '../bench/runner.js';
import type { ServedWire } from '../bench/serve.js';
import type { SupplyKeeper } from '../bench/supply-keeper.js';
import type { Finding } from '../doctor/finding.js';
import type { PageFolder } from '../http/server.js';
import type { SimulatorReach } from '../records/run-folder.js';
import type { Clock } from '../timeline/clock.js';
import type { FirmwareTools } from './firmware.js';
import type { ServiceFiles } from './install-service.js';
import type { Terminal } from './terminal.js';

export interface RunnerOptions {
  readonly limited: boolean;
  /** The phone's wire will be bridged: this process stays where the uplink is. */
  readonly observe?: boolean;
  /** Many phones by one process: what takes long is done beside it. */
  readonly isDaemon?: boolean;
  /** Of golden runs, where it is not what the bench file names. */
  goldenPlanPath?(configured: string): string;
}

/** What main hands to the verbs. */
export interface Composition {
  readonly version: string;
  readonly clock: Clock;
  readonly terminal: Terminal;
  readonly defaults: {
    readonly benchPath: string;
    readonly planPath: string;
    readonly quickPlanPath: string;
    readonly plansPath: string;
    readonly socketPath: string;
  };
  /** The runner of a bench file, in this process. Enters a private network first where the bench is simulated and nothing is bridged. */
  openRunner(
    benchPath: string,
    options: RunnerOptions,
  ): Promise<Runner & { readonly station: string; readonly supplies: SupplyKeeper }>;
  /** Files of the operator's page, each folder with the path it is served under. */
  readonly pageFolders: readonly PageFolder[];
  /** The same of the plant's page. */
  readonly centralPageFolders: readonly PageFolder[];
  /** A listening socket that stays in this network, wherever openRunner takes the process. */
  inheritListener(where: { readonly host: string; readonly port: number }): {
    readonly descriptor: number;
    readonly port: number;
  };
  /** Socket that leads to the fleet's broker out of the network where openRunner took the process; null: it is where it was. */
  wayOut(): string | null;
  readonly firmware: FirmwareTools;
  readonly boards: Boards;
  /**
   * An interface for the services alone; nobody else serves on it meanwhile.
   * `isShared`: also where the default route leaves by it. Throws what openRealNetwork throws, and PORT_BUSY.
   */
  openWire(interfaceName: string, options: { readonly isShared: boolean }): Promise<ServedWire>;
  /** What this machine lacks for a bench file's ports. */
  examine(benchPath: string): Promise<readonly Finding[]>;
  /** Resolves when the bench's start button is pressed. Rejects with GPIO_UNAVAILABLE, GPIO_BUSY, or the signal's reason. */
  startButton(signal: AbortSignal): Promise<void>;
  simulatorCommand(simulator: SimulatorReach, command: string): Promise<object>;
  /** Who started this process as a service; nobody hears what is told where nobody did. */
  serviceManager(): { readonly feedEveryMs: number | null; tell(...lines: readonly string[]): void };
  readonly service: ServiceFiles;
  /** From now on this process takes what others leave of the processor. */
  lowerPriority(): void;
  /** This program with these words, as a command line. */
  commandLine(words: readonly string[]): readonly [string, ...string[]];
}

export interface VerbContext {
  readonly composition: Composition;
  /** Aborted by SIGINT, SIGTERM and SIGHUP; the reason is the signal's name. */
  readonly signal: AbortSignal;
  /** The exit code of the program, where it is not 0. */
  done(exitCode: number): void;
}

/** Each verb's file exports one: it adds the verb to the program. */
export type RegisterVerb = (program: Command, context: VerbContext) => void;

export interface BenchOptions {
  readonly bench: string;
  readonly socket: string;
  readonly limited: boolean;
  readonly json: boolean;
}

/** The options of every verb that works on the ports of a bench file. */
export const withBench = (command: Command, { composition: { defaults } }: VerbContext): Command =>
  command
    .option('--bench <file>', 'bench file: ports, boards, interfaces', defaults.benchPath)
    .option('--socket <path>', 'local socket of the station', defaults.socketPath)
    .option('--limited', 'do without network namespaces: loopback only, the run says what it did not prove', false)
    .option('--json', 'newline-delimited JSON instead of text', false);
