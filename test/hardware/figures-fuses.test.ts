import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/sim/machine.js';

const read = (path: string): string => readFileSync(new URL(`../../hardware/${path}`, import.meta.url), 'utf8');
type FuseName = 'low' | 'high' | 'extended' | 'lock';
const fuses = JSON.parse(read('firmware/fuses.json')) as Record<'bytes' | 'masks', Record<FuseName, string>>;

/** Bits of the data sheet, 28.2 and 9.4, with the value each must read; a programmed fuse reads 0. */
const wanted: readonly { byte: FuseName; name: string; bits: readonly [high: number, low: number]; value: number }[] = [
  { byte: 'low', name: 'CKDIV8 off', bits: [7, 7], value: 1 },
  { byte: 'low', name: 'CKOUT off: the pin is GATE', bits: [6, 6], value: 1 },
  { byte: 'low', name: 'SUT and CKSEL0: crystal, slowly rising power', bits: [5, 4], value: 0b11 },
  { byte: 'low', name: 'CKSEL: full swing crystal', bits: [3, 0], value: 0b0111 },
  { byte: 'high', name: 'RSTDISBL off', bits: [7, 7], value: 1 },
  { byte: 'high', name: 'DWEN off', bits: [6, 6], value: 1 },
  { byte: 'high', name: 'SPIEN on', bits: [5, 5], value: 0 },
  { byte: 'high', name: 'WDTON on', bits: [4, 4], value: 0 },
  { byte: 'high', name: 'EESAVE on: calibration survives a chip erase', bits: [3, 3], value: 0 },
  { byte: 'high', name: 'BOOTRST off: no boot loader', bits: [0, 0], value: 1 },
  { byte: 'extended', name: 'BODLEVEL 4.3 V', bits: [2, 0], value: 0b100 },
];

describe('the fuse bytes', () => {
  it.each(wanted)('$byte: $name', ({ byte, bits: [high, low], value }) => {
    expect((Number(fuses.bytes[byte]) >> low) & ((1 << (high - low + 1)) - 1)).toBe(value);
  });

  it('are what the bring-up page programs and reads back', () => {
    const page = read('bring-up.md');
    const { low, high, extended, lock } = fuses.bytes;
    expect(page).toContain(`-U lfuse:w:${low}:m -U hfuse:w:${high}:m -U efuse:w:${extended}:m`);
    for (const [name, value] of Object.entries({ low, high, extended, lock })) {
      expect(page).toMatch(new RegExp(`\\| ${name} +\\| \`${value.toLowerCase()}\``));
    }
  });

  it('leave the firmware time: the watchdog, on from reset at 16 ms, is fed and set before the first byte is sent', () => {
    const machine = new Machine({ hex: read('firmware/linkpulse.hex') });
    let first = Number.NaN;
    machine.onSerialOut((_byte, cycle) => {
      if (Number.isNaN(first)) first = cycle;
    });
    machine.runUntil(16_000 * 20);
    expect(first).toBeLessThan(16_000 * 8);
  });
});
