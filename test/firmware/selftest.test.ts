import { describe, expect, it } from 'vitest';
import { injectorRefusals } from '../../src/wire/injector-messages.js';
import { FirmwareBench, usualRequest } from './firmware-bench.js';

const good = {
  reference: 0,
  adcZero: 0,
  currentZero: 0,
  jackOff: 0,
  shortLatch: 0,
  comparatorQuiet: 0,
  loopback: 2,
  relayFrontEnd: 0,
  relayPassThrough: 0,
  estop: 0,
  resetCause: 1,
} as const;

const tested = (bench: FirmwareBench): FirmwareBench => {
  bench.send('SELFTEST', { flags: 0 });
  expect(bench.runWhile(300, () => bench.all('SELFTEST_RESULT').length > 0)).toBe(true);
  return bench;
};
const refusals = (bench: FirmwareBench): (string | undefined)[] =>
  bench.refusals().map((code) => injectorRefusals[code]);

describe('SELFTEST', () => {
  it('passes on a good board, acknowledged first, and leaves it ready to power', () => {
    const bench = tested(new FirmwareBench().identify());
    expect(bench.last('SELFTEST_RESULT')).toMatchObject({ ...good, milliamps: 0, jackMillivolts: 0 });
    expect(bench.last('SELFTEST_RESULT').referenceCounts).toBe(225);
    expect(bench.last('ACK').ofType).toBe(8);
    bench.runMs(60);
    expect(bench.last('TICK').state).toBe(0);
    bench.powerOn();
  });

  it('never touches GATE, PUMP or SWITCH2', () => {
    const bench = new FirmwareBench().identify();
    const before = bench.edges.length;
    tested(bench);
    const driven = new Set(bench.edges.slice(before).map(({ pin }) => pin));
    expect(driven).toEqual(new Set(['LATCH_CLEAR', 'FLP_TX', 'DISC_RELAY']));
  });

  it.each([
    {
      what: 'an open e-stop',
      spoil: (bench: FirmwareBench) => bench.machine.setPin('ESTOP_OK', false),
      failed: 'estop',
    },
    {
      what: 'a latch that does not clear',
      spoil: (bench: FirmwareBench) => bench.machine.setPin('SHORT_N', false),
      failed: 'shortLatch',
    },
    { what: 'a live jack', spoil: (bench: FirmwareBench) => Object.assign(bench, { jackVolts: 3 }), failed: 'jackOff' },
    {
      what: 'a current that is not there',
      spoil: (bench: FirmwareBench) => Object.assign(bench, { milliamps: 6 }),
      failed: 'currentZero',
    },
    {
      what: 'a comparator that hears its own transmitter past the open relay',
      spoil: (bench: FirmwareBench) =>
        bench.machine.onPin('FLP_TX', (drive, cycle) => {
          if (drive === 'high') bench.pulse(cycle + 2);
        }),
      failed: 'comparatorQuiet',
    },
    {
      what: 'a relay that sticks at pass-through',
      spoil: (bench: FirmwareBench) =>
        bench.machine.onPin('DISC_RELAY', () => bench.machine.setPin('DISC_READBACK', true)),
      failed: 'relayFrontEnd',
    },
    {
      what: 'a relay that sticks at the front end',
      spoil: (bench: FirmwareBench) =>
        bench.machine.onPin('DISC_RELAY', () => bench.machine.setPin('DISC_READBACK', false)),
      failed: 'relayPassThrough',
    },
  ])('finds $what', ({ spoil, failed }) => {
    const bench = new FirmwareBench().identify();
    spoil(bench);
    bench.runMs(5);
    expect(tested(bench).last('SELFTEST_RESULT')).toMatchObject({ ...good, [failed]: 1 });
  });

  it.each([
    { volts: 5.4, reference: 0 },
    { volts: 5.8, reference: 1 },
    { volts: 4.4, reference: 1 },
  ])('measures the bandgap: with a reference of $volts V the result is $reference', ({ volts, reference }) => {
    const bench = tested(new FirmwareBench(undefined, volts).identify());
    expect(bench.last('SELFTEST_RESULT').reference).toBe(reference);
  });

  it('tells that the watchdog was the last to reset the board', () => {
    const bench = new FirmwareBench().identify();
    bench.machine.reset('watchdog');
    bench.identify();
    expect(tested(bench).last('SELFTEST_RESULT').resetCause).toBe(8);
  });

  it('is refused before IDENTIFY, while discovering and while on, and changes nothing', () => {
    const unknown = new FirmwareBench();
    unknown.runMs(20);
    unknown.send('SELFTEST', { flags: 0 });
    unknown.runMs(30);
    expect(refusals(unknown)).toEqual(['NOT_IDENTIFIED']);
    const bench = new FirmwareBench().identify();
    bench.send('DISCOVER', usualRequest);
    bench.send('SELFTEST', { flags: 0 });
    expect(bench.runWhile(600, () => bench.powered)).toBe(true);
    bench.send('SELFTEST', { flags: 0 });
    bench.runMs(60);
    expect(refusals(bench)).toEqual(['BUSY', 'BUSY']);
    expect(bench.powered).toBe(true);
    expect(bench.all('SELFTEST_RESULT')).toEqual([]);
  });

  it('keeps a discovery waiting, and ends without a word at OFF', () => {
    const bench = new FirmwareBench().identify();
    bench.send('SELFTEST', { flags: 0 });
    bench.runMs(20);
    bench.send('DISCOVER', usualRequest);
    bench.send('OFF', {});
    bench.runMs(200);
    expect(refusals(bench)).toEqual(['BUSY']);
    expect(bench.all('SELFTEST_RESULT')).toEqual([]);
    expect(bench.high('DISC_RELAY')).toBe(false);
    expect(bench.last('TICK').state).toBe(0);
  });

  it('works on a board without calibration', () => {
    const bench = tested(new FirmwareBench(new Uint8Array(8)).identify());
    expect(bench.last('SELFTEST_RESULT')).toMatchObject(good);
  });
});
