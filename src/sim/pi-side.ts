/**
 * The Pi's side of the barrier: the discrete lines, the e-stop contact and the supply of it all. Every isolator's output is
 * low while the side that drives it has no supply.
 */
import type { PowerPath } from './electrical.js';
import type { Machine } from './machine.js';
import type { ShiftRegister } from './shift-register.js';

/** Driven by the Pi, read by the board. */
export const linesToBoard = ['FLP_START', 'PWR_REQ', 'HEARTBEAT'] as const;
/** Driven by the board, read by the Pi. */
export const linesFromBoard = ['LOOP', 'PGOOD', 'FAULT_N'] as const;
export type LineToBoard = (typeof linesToBoard)[number];
type LineName = LineToBoard | (typeof linesFromBoard)[number] | 'ESTOP_OK';

export interface PiSide {
  setLine(name: LineToBoard, high: boolean): void;
  setEstop(closed: boolean): void;
  /** With its supply gone the UART passes nothing either, and the board sees a break. */
  setSupply(on: boolean): void;
  readonly supplied: boolean;
  /** As the Pi's header sees them; ESTOP_OK is the Pi side's own ESTOP_SENSE. */
  readonly lines: Readonly<Record<LineName, boolean>>;
}

/** `pins`: of the chip, where its discrete lines are modelled; where they are not, what the board would drive is low. */
export const createPiSide = (
  path: PowerPath,
  pins: { readonly board: Pick<Machine, 'setPin'>; readonly register: Pick<ShiftRegister, 'high'> } | undefined,
  uart: { setDark(dark: boolean): void },
): PiSide => {
  const driven: Record<LineToBoard, boolean> = { FLP_START: false, PWR_REQ: false, HEARTBEAT: false };
  let supplied = true;
  let estopClosed = true;
  const drive = () => {
    for (const name of linesToBoard) pins?.board.setPin(name, supplied && driven[name]);
  };
  drive();
  const told = (name: (typeof linesFromBoard)[number]) => supplied && pins?.register.high(name) === true;
  return {
    setLine: (name, high) => {
      driven[name] = high;
      drive();
    },
    setEstop: (closed) => {
      estopClosed = closed;
      path.setEstop(closed);
    },
    setSupply: (on) => {
      supplied = on;
      path.setBarrier(on);
      uart.setDark(!on);
      drive();
    },
    get supplied() {
      return supplied;
    },
    get lines() {
      return {
        ...driven,
        LOOP: told('LOOP'),
        PGOOD: told('PGOOD'),
        FAULT_N: told('FAULT_N'),
        ESTOP_OK: supplied && estopClosed,
      };
    },
  };
};
