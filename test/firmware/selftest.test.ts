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
  loopback: 0,
  relayFrontEnd: 0,
  relayPassThrough: 0,
  estop: 0,
  switch2Opens: 0,
  switch2Closes: 0,
  gateOpens: 0,
  gateCloses: 0,
  pumpNeeded: 0,
  detectionSource: 0,
  resetCause: 1,
} as const;

const tested = (bench: FirmwareBench): FirmwareBench => {
  bench.send('SELFTEST', { flags: 0 });
  expect(bench.runWhile(600, () => bench.all('SELFTEST_RESULT').length > 0)).toBe(true);
  return bench;
};
const refusals = (bench: FirmwareBench): (string | undefined)[] =>
  bench.refusals().map((code) => injectorRefusals[code]);

describe('SELFTEST', () => {
  it('passes on a good board, acknowledged first, and leaves it ready to power', () => {
    const bench = tested(new FirmwareBench().identify());
    expect(bench.last('SELFTEST_RESULT')).toMatchObject({ ...good, milliamps: 0, jackMillivolts: 0 });
    expect(bench.last('SELFTEST_RESULT').referenceCounts).toBe(450);
    expect(bench.last('ACK').ofType).toBe(8);
    bench.runMs(60);
    expect(bench.last('TICK').state).toBe(0);
    bench.powerOn();
  });

  it('closes each switch alone, never both, and joins no source to the jack', () => {
    const bench = new FirmwareBench().identify();
    const before = bench.edges.length;
    let both = false;
    const look = (): void => {
      both ||= bench.powered;
    };
    bench.machine.onPin('GATE', look);
    bench.machine.onPin('SWITCH2', look);
    tested(bench);
    expect(both).toBe(false);
    const order = bench.edges
      .slice(before)
      .filter(({ pin }) => pin !== 'FLP_TX' && pin !== 'PUMP')
      .map(({ pin, drive }) => `${pin} ${drive}`);
    expect(order).toEqual([
      'LATCH_CLEAR high',
      'LATCH_CLEAR low',
      'FLP_LOOPBACK high',
      'FLP_LOOPBACK low',
      'DISC_RELAY high',
      'DISC_RELAY low',
      'SWITCH2 high',
      'SWITCH2 low',
      'GATE high',
      'GATE low',
      'GATE high',
      'GATE low',
      'AF_HIGH high',
      'AF_HIGH low',
    ]);
    bench.runMs(60);
    expect(bench.high('GATE') || bench.high('SWITCH2')).toBe(false);
  });

  it.each([
    {
      what: 'a latch that does not clear',
      spoil: (bench: FirmwareBench) => bench.machine.setPin('SHORT_N', false),
      failed: 'shortLatch',
    },
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
      what: 'a second switch that does not close',
      spoil: (bench: FirmwareBench) => bench.machine.setAnalog('READBACK', () => bench.readback({ switch2: false })),
      failed: 'switch2Closes',
    },
    {
      what: 'a gate that does not rise',
      spoil: (bench: FirmwareBench) => bench.machine.setAnalog('READBACK', () => bench.readback({ gate: false })),
      failed: ['gateCloses', 'pumpNeeded'],
    },
    {
      what: 'a gate that outlives its pump',
      spoil: (bench: FirmwareBench) =>
        bench.machine.setAnalog('READBACK', () => bench.readback({ gate: bench.high('GATE') })),
      failed: 'pumpNeeded',
    },
    {
      what: 'a gate that does not fall with its pin',
      spoil: (bench: FirmwareBench) => {
        let rose = false;
        bench.machine.onPin('GATE', (drive) => {
          rose ||= drive === 'high';
        });
        bench.machine.setAnalog('READBACK', () => bench.readback({ gate: rose }));
      },
      failed: ['gateOpens', 'pumpNeeded'],
    },
    {
      what: 'a detection source that stays at its lower point',
      spoil: (bench: FirmwareBench) => bench.machine.setAnalog('AF_SENSE', () => (1.1 / 2.5) * 1023),
      failed: 'detectionSource',
    },
    {
      what: 'a loop that brings nothing back',
      spoil: (bench: FirmwareBench) => Object.assign(bench, { loopsBack: false }),
      failed: 'loopback',
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
    const wrong = Object.fromEntries([failed].flat().map((name) => [name, 1]));
    expect(tested(bench).last('SELFTEST_RESULT')).toMatchObject({ ...good, ...wrong });
  });

  it('leaves out what an open e-stop has taken the supply of', () => {
    const bench = new FirmwareBench().identify();
    bench.setEstop(false);
    bench.runMs(5);
    const without = { switch2Closes: 2, gateCloses: 2, pumpNeeded: 2, detectionSource: 2 };
    expect(tested(bench).last('SELFTEST_RESULT')).toMatchObject({ ...good, estop: 1, ...without });
    expect(bench.edges.some(({ pin, drive }) => drive === 'high' && ['GATE', 'SWITCH2', 'PUMP'].includes(pin))).toBe(
      false,
    );
  });

  it('never raises the gate when the second switch does not read open again', () => {
    const bench = new FirmwareBench().identify();
    let closed = false;
    bench.machine.onPin('SWITCH2', (drive) => {
      closed ||= drive === 'high';
    });
    bench.machine.setAnalog('READBACK', () => bench.readback({ switch2: closed }));
    const skipped = { switch2Opens: 1, gateCloses: 2, pumpNeeded: 2 };
    expect(tested(bench).last('SELFTEST_RESULT')).toMatchObject({ ...good, ...skipped });
    expect(bench.edges.some(({ pin, drive }) => pin === 'GATE' && drive === 'high')).toBe(false);
  });

  it.each(['SWITCH2', 'GATE'] as const)('locks when the jack rises with %s alone, everything open', (pin) => {
    const bench = new FirmwareBench().identify();
    bench.machine.onPin(pin, (drive) => {
      bench.jackVolts = drive === 'high' ? 48 : 0;
    });
    bench.send('SELFTEST', { flags: 0 });
    expect(bench.runWhile(600, () => bench.all('FAULT').length > 0)).toBe(true);
    expect(bench.last('FAULT').code).toBe(13);
    expect(bench.high('GATE') || bench.high('SWITCH2')).toBe(false);
    bench.runMs(100);
    expect(bench.last('TICK').state).toBe(5);
    expect(bench.all('SELFTEST_RESULT')).toEqual([]);
  });

  it('restarts by the watchdog when asked to, after the result, and says so', () => {
    const bench = new FirmwareBench().identify();
    const resets: string[] = [];
    bench.machine.onReset((cause) => resets.push(cause));
    bench.send('SELFTEST', { flags: 1 });
    expect(bench.runWhile(1000, () => resets.length > 0)).toBe(true);
    expect(resets).toEqual(['watchdog']);
    expect(bench.last('SELFTEST_RESULT')).toMatchObject(good);
    bench.identify();
    expect(bench.last('IDENTITY').resetCause).toBe(8);
    bench.runMs(500);
    expect(resets).toHaveLength(1);
  });

  it('does not restart when OFF comes before', () => {
    const bench = new FirmwareBench().identify();
    const resets: string[] = [];
    bench.machine.onReset((cause) => resets.push(cause));
    bench.send('SELFTEST', { flags: 1 });
    expect(bench.runWhile(600, () => bench.all('SELFTEST_RESULT').length > 0)).toBe(true);
    bench.send('OFF', {});
    bench.runMs(500);
    expect(resets).toEqual([]);
    expect(bench.last('TICK').state).toBe(0);
  });

  it('refuses unknown flags', () => {
    const bench = new FirmwareBench().identify();
    bench.send('SELFTEST', { flags: 2 });
    bench.runMs(60);
    expect(refusals(bench)).toEqual(['BAD_PARAMETER']);
  });

  it('with voltage at the jack before closes no switch and tells the fault', () => {
    const bench = new FirmwareBench().identify();
    bench.jackVolts = 3;
    bench.send('SELFTEST', { flags: 0 });
    bench.runMs(600);
    expect(bench.last('FAULT').code).toBe(12);
    expect(bench.last('SELFTEST_RESULT')).toMatchObject({ jackOff: 1, switch2Closes: 2, gateCloses: 2, pumpNeeded: 2 });
    expect(bench.edges.some(({ pin, drive }) => drive === 'high' && (pin === 'GATE' || pin === 'SWITCH2'))).toBe(false);
  });

  it.each([
    { volts: 2.49, reference: 0 },
    { volts: 2.8, reference: 1 },
    { volts: 2.2, reference: 1 },
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
