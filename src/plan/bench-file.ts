/** The bench file: what hangs where. Apart from plans, because it describes a place and not a test. */
export interface SimulatedPort {
  readonly name: string;
  readonly kind: 'simulated';
  readonly phone: {
    readonly mac: string;
    readonly load: string;
    readonly model: string;
    /** What its power input is. */
    readonly power: 'prestandard' | '802.3af';
  };
  /** Network interface behind which others serve when a run only observes. */
  readonly uplink?: string | undefined;
}

export interface HardwarePort {
  readonly name: string;
  readonly kind: 'hardware';
  /** Path of the board's serial port. */
  readonly board: string;
  /** Serial number of the board; where it is given, the board is this one, on whatever path it is found. */
  readonly serial?: string;
  /** Network interface the phone's jack is wired to. */
  readonly interface: string;
  /** Network interface behind which others serve when a run only observes. */
  readonly uplink?: string | undefined;
}

export type BenchPort = SimulatedPort | HardwarePort;

export interface BenchFile {
  readonly station: string;
  /** Absolute. */
  readonly runsDirectory: string;
  readonly ports: readonly BenchPort[];
}
