import { describe, expect, it } from 'vitest';
import { type BoardBlock, encodeBoardBlock, nominalBlock } from '../../src/wire/board-block.js';
import { injectorRefusals } from '../../src/wire/injector-messages.js';
import { FirmwareBench, usualRequest } from './firmware-bench.js';

const block = (changes: Partial<BoardBlock> = {}): Uint8Array =>
  encodeBoardBlock({ ...nominalBlock('LP000042'), ...changes });
const damaged = (byte: number): Uint8Array => block().map((value, index) => (index === byte ? value ^ 0x10 : value));

/** What the board says to a discovery, with and without power. */
const answersTo = (eeprom: Uint8Array): (string | undefined)[] => {
  const bench = new FirmwareBench(eeprom).identify();
  for (const flags of [0, 1]) {
    bench.send('DISCOVER', { ...usualRequest, flags });
    bench.runMs(30);
  }
  bench.runMs(300);
  expect(bench.powered).toBe(false);
  expect(bench.edges.some(({ drive }) => drive === 'high')).toBe(false);
  return bench.refusals().map((code) => injectorRefusals[code]);
};

describe('the calibration in EEPROM', () => {
  it('is told in IDENTITY, with the revision and the day', () => {
    const bench = new FirmwareBench(block({ serial: 'LP7', revision: 3, calibrationDays: 9001 })).identify();
    expect(bench.last('IDENTITY')).toMatchObject({ serial: 'LP7', revision: 3, calibrated: 1, calibrationDays: 9001 });
  });

  it('refuses DISCOVER where it is missing, and the board still says who it is', () => {
    const blank = new Uint8Array(32).fill(0xff);
    expect(answersTo(blank)).toEqual(['NOT_CALIBRATED', 'NOT_CALIBRATED']);
    const bench = new FirmwareBench(blank).identify();
    expect(bench.last('IDENTITY')).toMatchObject({ serial: 'UNSET', revision: 0, calibrated: 0 });
    expect(bench.all('TICK').length).toBeGreaterThan(0);
  });

  it.each(Array.from(block(), (_, byte) => byte))('is not trusted with one bit of byte %i turned over', (byte) => {
    expect(answersTo(damaged(byte))).toEqual(['NOT_CALIBRATED', 'NOT_CALIBRATED']);
  });

  it.each([
    { currentGain: 30_429 },
    { currentGain: 33_633 },
    { jackGain: 30_429 },
    { jackGain: 33_633 },
    { currentOffset: 2561 },
    { currentOffset: -2561 },
    { jackOffset: 501 },
    { jackOffset: -501 },
  ])('is not trusted with %o, which no good board has', (changes) => {
    expect(answersTo(block(changes))).toEqual(['NOT_CALIBRATED', 'NOT_CALIBRATED']);
  });

  it.each([
    { changes: {}, milliamps: 200, jackMillivolts: 1939 },
    { changes: { currentGain: 32_992 }, milliamps: 206, jackMillivolts: 1939 },
    { changes: { currentOffset: -1280 }, milliamps: 195, jackMillivolts: 1939 },
    { changes: { jackGain: 31_390 }, milliamps: 200, jackMillivolts: 1900 },
    { changes: { jackOffset: 300 }, milliamps: 200, jackMillivolts: 2239 },
    { changes: { currentOffset: 2560, jackOffset: -500 }, milliamps: 210, jackMillivolts: 1439 },
  ])('with $changes reads 409 and 31 counts as $milliamps mA and $jackMillivolts mV', (row) => {
    const bench = new FirmwareBench(block(row.changes));
    bench.milliamps = (409 / 1023) * 500 + 0.01;
    bench.jackVolts = (31 / 1023) * 64 + 0.001;
    bench.identify();
    expect(bench.last('TICK')).toMatchObject({ milliamps: row.milliamps, jackMillivolts: row.jackMillivolts });
  });

  it('never makes a reading less than nothing', () => {
    const bench = new FirmwareBench(block({ currentOffset: -2560, jackOffset: -500 })).identify();
    expect(bench.last('TICK')).toMatchObject({ milliamps: 0, jackMillivolts: 0 });
  });

  it('decides with the guard: a board that reads 3 % more trips where the nominal one does not', () => {
    const tripped = (changes: Partial<BoardBlock>): boolean => {
      const bench = new FirmwareBench(block(changes));
      bench.phoneMilliamps = 370;
      bench.powerOn();
      bench.runMs(200);
      return !bench.high('GATE');
    };
    expect(tripped({})).toBe(false);
    expect(tripped({ currentGain: 32_992 })).toBe(true);
  });
});
