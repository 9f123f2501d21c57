import { describe, expect, it } from 'vitest';
import { encodeEeprom, nominalBlock } from '../../src/wire/board-block.js';
import { injectorRefusals } from '../../src/wire/injector-messages.js';
import { FirmwareBench, usualProfile, usualRequest } from './firmware-bench.js';

const store = (bench: FirmwareBench, changes: Partial<typeof usualProfile> = {}): void => {
  bench.send('STORE_PROFILE', { ...usualProfile, ...changes });
};
const refusals = (bench: FirmwareBench): (string | undefined)[] =>
  bench.refusals().map((code) => injectorRefusals[code]);
const read = (bench: FirmwareBench) => {
  bench.send('READ_PROFILE', {});
  bench.runMs(60);
  return bench.last('PROFILE');
};

describe('the stored profile', () => {
  it('is written, acknowledged when it has been read back, and there after a loss of supply', () => {
    const bench = new FirmwareBench().identify();
    expect(read(bench)).toMatchObject({ valid: 0, id: 0 });
    store(bench);
    bench.runMs(40);
    expect(bench.all('ACK')).toEqual([]);
    bench.runMs(120);
    expect(bench.last('ACK')).toMatchObject({ ofType: 9 });
    expect(read(bench)).toEqual({ valid: 1, ...usualProfile });
    bench.machine.reset('power-on');
    bench.identify();
    expect(bench.last('IDENTITY').profileId).toBe(7);
    expect(read(bench)).toEqual({ valid: 1, ...usualProfile });
    expect(bench.registers.high('FAULT_N')).toBe(false); // the host commands
    expect(bench.last('IDENTITY').calibrated).toBe(1);
  });

  it('costs nothing but its time: ticks go on, and a discovery meanwhile is BUSY', () => {
    const bench = new FirmwareBench().identify();
    const ticks = bench.all('TICK').length;
    store(bench);
    bench.runMs(20);
    bench.send('DISCOVER', usualRequest);
    bench.runMs(480);
    expect(refusals(bench)).toEqual(['BUSY']);
    expect(bench.all('TICK').length - ticks).toBeGreaterThan(8);
    bench.send('DISCOVER', usualRequest);
    expect(bench.runWhile(1000, () => bench.powered)).toBe(true);
  });

  it('cut by a reset is none, and the calibration is untouched', () => {
    const eeprom = encodeEeprom(nominalBlock('LP000042'), usualProfile);
    const bench = new FirmwareBench(eeprom).identify();
    store(bench, { id: 0x0102, method: 2, echoes: 5, maxBursts: 99 });
    bench.runMs(25);
    bench.machine.reset('external');
    bench.identify();
    expect(bench.last('IDENTITY')).toMatchObject({ profileId: 0, calibrated: 1 });
    expect(read(bench).valid).toBe(0);
  });

  it.each([
    { changes: { id: 0 }, refusal: 'BAD_PARAMETER' },
    { changes: { method: 3 }, refusal: 'BAD_PARAMETER' },
    { changes: { echoes: 2 }, refusal: 'BAD_PARAMETER' },
    { changes: { heartbeatTimeoutMs: 801 }, refusal: 'BAD_PARAMETER' },
    { changes: { pairs: 5 }, refusal: 'BAD_PARAMETER' },
    { changes: { pairs: 3 }, refusal: 'PAIRS' },
  ])('with $changes is refused as $refusal and the old one stays', ({ changes, refusal }) => {
    const bench = new FirmwareBench(encodeEeprom(nominalBlock('LP000042'), usualProfile)).identify();
    store(bench, changes);
    bench.runMs(200);
    expect(refusals(bench)).toEqual([refusal]);
    expect(read(bench)).toEqual({ valid: 1, ...usualProfile });
  });

  it('is refused before IDENTIFY, while on, and while PWR_REQ is high', () => {
    const unknown = new FirmwareBench();
    unknown.runMs(20);
    store(unknown);
    unknown.send('READ_PROFILE', {});
    unknown.runMs(60);
    expect(refusals(unknown)).toEqual(['NOT_IDENTIFIED', 'NOT_IDENTIFIED']);
    const bench = new FirmwareBench().powerOn();
    store(bench);
    bench.runMs(200);
    expect(refusals(bench)).toEqual(['BUSY']);
    expect(bench.powered).toBe(true);
    const requested = new FirmwareBench().identify();
    requested.machine.setPin('PWR_REQ', true);
    store(requested);
    requested.runMs(60);
    expect(refusals(requested)).toEqual(['LINES']);
  });
});
