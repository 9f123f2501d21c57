import { describe, expect, it } from 'vitest';
import { dateOfDays, encodeBoardBlock, nominalBlock } from '../../src/wire/board-block.js';

describe("the board's EEPROM block", () => {
  it('is 21 bytes in the order of docs/board-protocol.md', () => {
    const block = { ...nominalBlock('LP42'), revision: 2, currentOffset: -2, jackOffset: 3, calibrationDays: 258 };
    expect(Buffer.from(encodeBoardBlock(block)).toString('hex')).toMatch(
      /^4c50343220202020021f7dfeff1f7d03000201[0-9a-f]{4}$/,
    );
  });

  it('refuses what does not fit', () => {
    expect(() => encodeBoardBlock(nominalBlock('TOO-LONG-A-NAME'))).toThrow(RangeError);
    expect(() => encodeBoardBlock(nominalBlock(''))).toThrow(RangeError);
    expect(() => encodeBoardBlock({ ...nominalBlock('LP42'), jackGain: 65_536 })).toThrow(RangeError);
  });

  it('counts days from the year 2000', () => {
    expect(dateOfDays(0)).toBe('2000-01-01');
    expect(dateOfDays(9823)).toBe('2026-11-23');
  });
});
