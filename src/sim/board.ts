/** A simulated board, whatever runs its firmware: firmware-board.ts the image, modelled/ a model of it. */
import type { InjectorFields } from '../wire/injector-messages.js';
import type { PluggedDevice } from './contracts.js';
import type { ElectricalChange, PowerPath } from './electrical.js';
import type { Machine, ResetCause } from './machine.js';
import type { RegisterBit } from './pinmap.js';
import type { BoardSerial } from './serial-line.js';
import type { ShiftRegister } from './shift-register.js';

/** What a board is made of, whatever runs its firmware. */
export interface BoardOptions {
  readonly device: PluggedDevice;
  readonly serialNumber: string;
  readonly fetWelds: boolean;
  /** Its EEPROM is damaged. */
  readonly badCalibration: boolean;
  readonly profile?: InjectorFields<'STORE_PROFILE'>;
  onChange(change: ElectricalChange): void;
  onRegister(name: RegisterBit, high: boolean, cycle: number): void;
  onReset(cause: ResetCause, cycle: number): void;
}

/** A board with its power path and whatever hangs on its jack, in its own time. */
export interface SimulatedBoard {
  readonly path: PowerPath;
  readonly serial: BoardSerial;
  /** Of the discrete lines; undefined: they are not modelled. */
  readonly pins: { readonly board: Machine; readonly register: ShiftRegister } | undefined;
  readonly cycles: number;
  run(cycles: number): void;
  /** RESET_N held low. */
  holdInReset(held: boolean): void;
  /** What it cost and lost, for `status`. */
  figures(): Readonly<Record<string, number>>;
}
