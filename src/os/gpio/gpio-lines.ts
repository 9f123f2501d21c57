/**
 * The contract with a set of GPIO lines of the Pi's header. What every driver guarantees
 * (test/contract/gpio-lines.contract.ts):
 *
 * - All lines of a request are taken at once or none. An output takes direction, polarity and first value in one step: it
 *   never shows another level on the way there.
 * - A line that somebody else holds is refused with BenchError GPIO_BUSY that names it.
 * - `true` is active; what level that is on the wire is the request's `activeLow`.
 * - Edges of inputs are told in the order in which they came, never before the request has returned and never after
 *   `close`. A pulse shorter than the driver can see may be lost, a level that stays is not.
 * - Nothing here blocks.
 */
export interface GpioOutput {
  readonly direction: 'out';
  /** Number of the Pi's header ("BCM"), which is the line's offset in its chip; never a number of the whole system. */
  readonly line: number;
  readonly initially: boolean;
  readonly activeLow?: boolean;
}

export interface GpioInput {
  readonly direction: 'in';
  readonly line: number;
  /** What an open wire reads as. */
  readonly bias: 'pull-up' | 'pull-down';
  readonly activeLow?: boolean;
}

export interface GpioRequest<Name extends string> {
  /** Who holds the lines: what `gpioinfo` and a refused second owner are shown. 31 characters at most. */
  readonly consumer: string;
  readonly lines: Readonly<Record<Name, GpioOutput | GpioInput>>;
}

export interface GpioEdge<Name extends string> {
  readonly name: Name;
  readonly active: boolean;
  /** In the Clock's time base. */
  readonly atUs: number;
}

export type GpioDriver = 'character-device' | 'sysfs' | 'mocked';

export interface GpioLines<Name extends string> {
  readonly driver: GpioDriver;
  /** Label of the chip the lines belong to. */
  readonly chip: string;
  /** `kernel`: an edge's `atUs` is when it happened. `arrival`: when this process came to see it. */
  readonly stamps: 'kernel' | 'arrival';
  /** An output's new value. Throws BenchError GPIO_LOST after `close` or when the chip has gone. */
  set(name: Name, active: boolean): void;
  /** Throws BenchError GPIO_LOST as `set`. */
  get(name: Name): boolean;
  onEdge(listener: (edge: GpioEdge<Name>) => void): () => void;
  /** The chip has gone (told once); not by `close`. */
  onLost(listener: () => void): () => void;
  /** Lets go of the lines; what outputs do then is the chip's affair. Safe to call again. */
  close(): void;
}
