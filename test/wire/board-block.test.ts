import { describe, expect, it } from 'vitest';
import { dateOfDays, encodeBoardBlock, encodeEeprom, nominalBlock, profileAt } from '../../src/wire/board-block.js';

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

  it('puts the profile behind it, 25 bytes at 32', () => {
    const manner = { id: 0x0102, method: 2, pairs: 0, echoes: 4, maxBursts: 60, pulseWidth: 1 };
    const current = { overloadMilliamps: 375, overloadMs: 60, underloadMilliamps: 8, underloadMs: 350 };
    const times = { inrushTimerMs: 60, heartbeatTimeoutMs: 500, linkDeadlineMs: 20_000, offDwellMs: 2000 };
    const bytes = encodeEeprom(nominalBlock('LP42'), { ...manner, ...current, ...times });
    expect(bytes).toHaveLength(57);
    expect(Buffer.from(bytes.subarray(profileAt)).toString('hex')).toMatch(
      /^02010200043c013c0077013c0008005e01f401204ed007[0-9a-f]{4}$/,
    );
    expect(encodeEeprom(nominalBlock('LP42'))).toEqual(encodeBoardBlock(nominalBlock('LP42')));
  });

  it('counts days from the year 2000', () => {
    expect(dateOfDays(0)).toBe('2000-01-01');
    expect(dateOfDays(9823)).toBe('2026-11-23');
  });
});
