/** The board's two 74HC594 in a row, as their pins see them: what the firmware shifts, and the outputs it latches. */
import type { Machine } from './machine.js';
import { type RegisterBit, registerBits } from './pinmap.js';

/** What the registers need of the chip. */
export type ShiftPins = Pick<Machine, 'onPin' | 'pinDrive' | 'onReset'>;

export interface ShiftRegister {
  /** The word at the outputs. */
  readonly word: number;
  high(name: RegisterBit): boolean;
}

const wordMask = 0xffff;

/** `onChange` hears each output that changed, at the rising edge of SHIFT_LATCH, and at a reset. */
export const attachShiftRegister = (
  machine: ShiftPins,
  onChange: (name: RegisterBit, high: boolean, cycle: number) => void = () => {},
): ShiftRegister => {
  let shifted = 0;
  let word = 0;
  const show = (next: number, cycle: number): void => {
    const changed = word ^ next;
    word = next;
    for (const [name, bit] of Object.entries(registerBits) as [RegisterBit, number][]) {
      if (((changed >> bit) & 1) !== 0) onChange(name, ((next >> bit) & 1) !== 0, cycle);
    }
  };
  machine.onPin('STATUS_LED', (drive) => {
    if (drive === 'high') shifted = ((shifted << 1) | (machine.pinDrive('SHIFT_DATA') === 'high' ? 1 : 0)) & wordMask;
  });
  machine.onPin('SHIFT_LATCH', (drive, cycle) => {
    if (drive === 'high') show(shifted, cycle);
  });
  // Pins that float clear them, whatever the reset was: on the board some 10 ms later, before the firmware starts anew.
  machine.onReset((_, cycle) => {
    shifted = 0;
    show(0, cycle);
  });
  return {
    get word() {
      return word;
    },
    high: (name) => ((word >> registerBits[name]) & 1) !== 0,
  };
};
