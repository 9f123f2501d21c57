/** The bench file: what hangs where. Apart from plans, because it describes a place and not a test. */

import type { CalibrationTerms } from './calibration.js';
import type { FleetTerms } from './fleet-terms.js';
import type { GoldenTerms } from './golden.js';
import type { SupplyTerms } from './supply.js';
import type { TrunkTerms } from './trunk.js';

/** How the board is driven: over serial, by its discrete lines on the Pi's header alone, or serial with the heartbeat by a line. */
export const boardDrivers = ['serial', 'lines', 'both'] as const;
export type BoardDriver = (typeof boardDrivers)[number];

/** What runs on a simulated board: the committed image, instruction by instruction, or a model of what it does at its serial port. */
export const simulatedFirmwares = ['image', 'modelled'] as const;
export type SimulatedFirmware = (typeof simulatedFirmwares)[number];

export interface SimulatedPort {
  readonly name: string;
  readonly kind: 'simulated';
  readonly driver: BoardDriver;
  readonly firmware: SimulatedFirmware;
  /** With `lines`: what the operator says is stored on the board. Left out, the board has the plan's own profile. */
  readonly profile?: number;
  readonly phone: {
    readonly mac: string;
    readonly load: string;
    readonly model: string;
    /** What its power input is. */
    readonly power: 'prestandard' | '802.3af';
  };
  /** Network interface behind which others serve when a run only observes. */
  readonly uplink?: string | undefined;
  /** Left out: the board's figures count for ever. */
  readonly calibration?: CalibrationTerms | undefined;
  /** Name of the supply that feeds its board; left out: the only one, or none is told of. */
  readonly supply?: string | undefined;
  /** Shared things that every run on this port takes. */
  readonly needs?: readonly string[] | undefined;
}

export interface HardwarePort {
  readonly name: string;
  readonly kind: 'hardware';
  readonly driver: BoardDriver;
  /** Path of the board's serial port; null: it is driven by its lines alone. */
  readonly board: string | null;
  /** With `lines`: id of the profile that is stored on the board (linkpulse board profile prints it). */
  readonly profile?: number;
  /** Serial number of the board; where it is given, the board is this one, on whatever path it is found. */
  readonly serial?: string;
  /** Network interface the phone's jack is wired to. */
  readonly interface: string;
  /** The jack is a managed switch's: its VLAN on the trunk that `interface` hangs on. */
  readonly trunk?: TrunkTerms | undefined;
  /** Network interface behind which others serve when a run only observes. */
  readonly uplink?: string | undefined;
  /** Left out: the board's figures count for ever. */
  readonly calibration?: CalibrationTerms | undefined;
  /** Name of the supply that feeds its board; left out: the only one, or none is told of. */
  readonly supply?: string | undefined;
  /** Shared things that every run on this port takes. */
  readonly needs?: readonly string[] | undefined;
}

export type BenchPort = SimulatedPort | HardwarePort;

/** What of the run folders stays; one of the two at least. */
export interface RetentionTerms {
  /** So many finished runs at the most. */
  readonly maxRuns?: number | undefined;
  /** And so many bytes in all; the newest run stays whatever it takes. */
  readonly maxBytes?: number | undefined;
}

export interface BenchFile {
  readonly station: string;
  /** Absolute. */
  readonly runsDirectory: string;
  /** With less room than this for run folders no run starts. */
  readonly diskReserveBytes: number;
  /** null: runs stay until somebody takes them away. */
  readonly retention: RetentionTerms | null;
  /** null: phones are judged without golden runs. */
  readonly golden: GoldenTerms | null;
  /** null: the station tells nobody. */
  readonly fleet: FleetTerms | null;
  /** None: power is not shared out. */
  readonly supplies: readonly SupplyTerms[];
  /** What the ports have in common, one user at a time: a label printer, the golden phone. In the order in which a run takes them. */
  readonly shared: readonly string[];
  readonly ports: readonly BenchPort[];
}
