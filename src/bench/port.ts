import type { Injector } from '../board/injector.js';
import type { PortNetwork } from '../network/ip-attachment.js';
import type { BenchPort } from '../plan/bench-file.js';
import type { Plan } from '../plan/plan.js';

/** A port made ready for one run: the board and the phone's wire. main builds it, real or simulated. */
export interface OpenPort {
  readonly injector: Injector;
  readonly network: PortNetwork;
  /** Path of the serial port: kept with a running run, so that the next start can ask the board what it did. */
  readonly boardPath: string;
  readonly simulator: SimulatorReach | null;
  close(): Promise<void>;
}

/** How to reach a simulated bench from outside (faults that `demo` does to it, and after a daemon died). */
export interface SimulatorReach {
  readonly pid: number;
  readonly controlPath: string;
  readonly witnessPath: string;
}

export interface PortOpener {
  open(port: BenchPort, plan: Plan, faults: ReadonlySet<string>): Promise<OpenPort>;
  /** The board alone, for what it kept of a run that was cut. */
  openBoard(boardPath: string): Promise<Injector>;
  /** Lets go of a simulated bench that outlived its daemon. */
  release(simulator: SimulatorReach): Promise<void>;
}
