import type { Injector } from '../board/injector.js';
import type { PortNetwork } from '../network/ip-attachment.js';
import type { BenchPort } from '../plan/bench-file.js';
import type { Plan } from '../plan/plan.js';
import type { SimulatorReach } from '../records/run-folder.js';
import type { FactOf } from '../timeline/events.js';

/** A port made ready for one run: the board and the phone's wire. main builds it, real or simulated. */
export interface OpenPort {
  readonly injector: Injector;
  readonly network: PortNetwork;
  /** The interface it is bridged to, behind which somebody else serves; null: it is not. */
  readonly uplink: string | null;
  /** Path of the serial port: kept with a running run, so that the next start can ask the board what it did. */
  readonly boardPath: string;
  readonly simulator: SimulatorReach | null;
  /** Of a simulated bench: how its time ran; null on a real one. */
  pacing(): Promise<Omit<FactOf<'simulated-time'>, 'kind'> | null>;
  close(): Promise<void>;
}

export interface PortOpener {
  /** `uplink`: bridge the phone's wire to this interface. */
  open(port: BenchPort, plan: Plan, faults: ReadonlySet<string>, uplink: string | null): Promise<OpenPort>;
  /** The board alone, for what it kept of a run that was cut. */
  openBoard(boardPath: string): Promise<Injector>;
  /** Lets go of a simulated bench that outlived its daemon. */
  release(simulator: SimulatorReach): Promise<void>;
}
