import { describe, expect, it } from 'vitest';
import { injectorOutcomes } from '../../src/wire/injector-messages.js';
import { cyclesPerMs, FirmwareBench, heardCycles, usualRequest } from './firmware-bench.js';

const outcomeOf = (bench: FirmwareBench): string | undefined => injectorOutcomes[bench.last('DISCOVERY').outcome];
const discovered = (bench: FirmwareBench, limitMs = 1500): boolean =>
  bench.runWhile(limitMs, () => bench.all('DISCOVERY').length > 0);

/** Puts a partner's bursts on the line, every 16 ms from now on, asynchronous to the board's. */
const partnerBursts = (bench: FirmwareBench, word: number, count: number): void => {
  const period = 16.1 * cyclesPerMs;
  for (let burst = 0; burst < count; burst++) {
    const start = Math.round(bench.machine.cycles + 3.37 * cyclesPerMs + burst * period);
    for (let position = 0; position < 33; position++) {
      if (position % 2 === 0 || (word >> ((position - 1) / 2)) & 1) bench.pulse(start + position * 1000);
    }
  }
};

describe('discovery', () => {
  it('powers after three exact echoes: relay back, second switch, gate, and the pump behind it', () => {
    const bench = new FirmwareBench().powerOn();
    const bursts = bench.all('BURST').map(({ fields }) => fields);
    expect(bursts).toHaveLength(3);
    for (const { sent, heard } of bursts) expect(heard).toBe(sent);
    expect(outcomeOf(bench)).toBe('loopback');
    expect(bench.last('DISCOVERY')).toMatchObject({ bursts: 3, matches: 3, foreign: 0 });
    bench.runMs(10);

    const order = bench.edges
      .filter(({ pin, cycle }) => pin !== 'FLP_TX' && cycle > 10 * cyclesPerMs)
      .map(({ pin, drive }) => `${pin} ${drive}`);
    expect(order.slice(0, 8)).toEqual([
      'DISC_RELAY high',
      'DISC_RELAY low',
      'LATCH_CLEAR high',
      'LATCH_CLEAR low',
      'SWITCH2 high',
      'GATE high',
      'PUMP high',
      'PUMP low',
    ]);
    bench.runMs(30);
    expect(bench.last('POWER')).toMatchObject({ on: 1, cause: 0 });
    expect(bench.last('POWER').delay * 64).toBeLessThan(60 * cyclesPerMs);
  });

  it('traces the inrush at 6.25 kHz and then sends blocks of ten samples each 100 ms', () => {
    const bench = new FirmwareBench().powerOn();
    bench.runMs(1100);
    const inrush = bench.last('INRUSH');
    expect(inrush).toMatchObject({ peakMilliamps: 420, samplePeriodUs: 160 });
    expect((inrush.duration * 64) / cyclesPerMs).toBeCloseTo(20, 0);
    const trace = bench.all('TRACE').flatMap(({ fields }) => fields.milliamps);
    expect(trace).toHaveLength(inrush.count);
    expect(trace.slice(1, 120)).toEqual(Array(119).fill(420));

    const blocks = bench.all('SAMPLES').map(({ fields }) => fields);
    expect(blocks).toHaveLength(10);
    expect(blocks[5]).toMatchObject({ periodMs: 10, milliamps: Array(10).fill(60) });
    const gaps = blocks.slice(1).map(({ time }, index) => ((time - (blocks[index]?.time ?? 0)) * 64) / cyclesPerMs);
    for (const gap of gaps) expect(Math.abs(gap - 100)).toBeLessThan(0.3);
  });

  it('leaves the jack off when power was not asked for', () => {
    const bench = new FirmwareBench().identify();
    bench.send('DISCOVER', { ...usualRequest, flags: 0 });
    expect(discovered(bench)).toBe(true);
    bench.runMs(200);
    expect(outcomeOf(bench)).toBe('loopback');
    expect(bench.edges.filter(({ pin, drive }) => pin !== 'FLP_TX' && drive === 'high').map(({ pin }) => pin)).toEqual([
      'DISC_RELAY',
    ]);
    expect(bench.high('DISC_RELAY')).toBe(false);
    expect(bench.last('TICK').state).toBe(0);
  });

  it('finds nothing on an open line after all bursts of the width asked for and all of the widest', () => {
    const bench = new FirmwareBench().identify();
    bench.echoDelay = undefined;
    bench.send('DISCOVER', { ...usualRequest, maxBursts: 10 });
    expect(discovered(bench)).toBe(true);
    expect(outcomeOf(bench)).toBe('nothing');
    expect(bench.last('DISCOVERY')).toMatchObject({ bursts: 10, matches: 0, foreign: 0 });
    const tries = bench.all('BURST').map(({ fields }) => `${fields.pulseWidth}/${fields.index}`);
    const indexes = Array.from({ length: 10 }, (_, index) => index + 1);
    expect(tries).toEqual([...indexes.map((index) => `0/${index}`), ...indexes.map((index) => `3/${index}`)]);
    expect(bench.last('BURST')).toMatchObject({ heard: '0'.repeat(33), roundTripCycles: 255 });
    bench.runMs(100);
    expect(bench.powered).toBe(false);
  });

  it('does not repeat the widest pulses', () => {
    const bench = new FirmwareBench().identify();
    bench.echoDelay = undefined;
    bench.send('DISCOVER', { ...usualRequest, maxBursts: 10, pulseWidth: 3 });
    expect(discovered(bench)).toBe(true);
    expect(outcomeOf(bench)).toBe('nothing');
    expect(bench.all('BURST')).toHaveLength(10);
  });

  it.each([
    { pulseWidth: 0, silent: 10 },
    { pulseWidth: 1, silent: 10 },
    { pulseWidth: 2, silent: 0 },
    { pulseWidth: 3, silent: 0 },
  ])('finds and powers a phone behind a filter of 500 ns, asked with width $pulseWidth', ({ pulseWidth, silent }) => {
    const bench = new FirmwareBench();
    bench.shortestPulseCycles = 8;
    bench.powerOn({ maxBursts: 10, pulseWidth });
    const bursts = bench.all('BURST').map(({ fields }) => fields);
    expect(bursts.filter(({ heard }) => !heard.includes('1'))).toHaveLength(silent);
    expect(bursts).toHaveLength(silent + 3);
    expect(bench.last('DISCOVERY')).toMatchObject({ outcome: 0, bursts: 3, matches: 3, foreign: 0 });
    expect(bursts.at(-1)?.roundTripCycles).toBe(pulseWidth === 2 ? 11 : 19);
  });

  // Measured in schematics/spice (What the decks taught): -0.5 V and more until so long after the pulse's rise.
  it.each([
    { pulseWidth: 3, widthCycles: 16, untilUs: 5.3 },
    { pulseWidth: 2, widthCycles: 8, untilUs: 2.9 },
  ])(
    'does not take the magnetics that swing back for $untilUs us after a pulse of width $pulseWidth for a partner',
    (row) => {
      const stretchedUs = 0.5;
      const bench = new FirmwareBench().identify();
      let swings = 0;
      bench.machine.onPin('FLP_TX', (drive, cycle) => {
        if (drive !== 'high') return;
        // One long swing, and on every other pulse a second one in its very last moment; both stretched.
        const last = Math.round((row.untilUs + stretchedUs) * 16);
        const second = last - 2 * heardCycles;
        bench.machine.setPin('FLP_RX', true, cycle + row.widthCycles + 10);
        bench.machine.setPin('FLP_RX', false, cycle + (swings++ % 2 ? second - heardCycles : last));
        if (swings % 2 === 0) bench.pulse(cycle + second);
      });
      bench.send('DISCOVER', { ...usualRequest, flags: 0, pulseWidth: row.pulseWidth });
      expect(discovered(bench)).toBe(true);
      expect(bench.all('BURST').map(({ fields }) => fields.foreign)).toEqual([0, 0, 0]);
      expect(bench.last('DISCOVERY')).toMatchObject({ outcome: 0, matches: 3, foreign: 0 });
    },
  );

  it('takes a pulse 7 us after its own for a foreign one', () => {
    const bench = new FirmwareBench().identify();
    bench.machine.onPin('FLP_TX', (drive, cycle) => {
      if (drive === 'high') bench.pulse(cycle + 7 * 16);
    });
    bench.send('DISCOVER', { ...usualRequest, flags: 0, pulseWidth: 3 });
    expect(discovered(bench)).toBe(true);
    expect(bench.all('BURST')[0]?.fields.foreign).toBeGreaterThan(16);
    expect(outcomeOf(bench)).not.toBe('loopback');
  });

  it('takes no second try where a partial echo came back', () => {
    const bench = new FirmwareBench().identify();
    bench.echoDelay = undefined;
    let pulses = 0;
    bench.machine.onPin('FLP_TX', (drive, cycle) => {
      if (drive === 'high' && pulses++ === 5) bench.pulse(cycle + 3);
    });
    bench.send('DISCOVER', { ...usualRequest, maxBursts: 10 });
    expect(discovered(bench)).toBe(true);
    expect(outcomeOf(bench)).toBe('noise');
    expect(bench.all('BURST')).toHaveLength(10);
  });

  it.each([0x01e1, 0x41e1, 0xffff, 0x0001, 0xaaaa])('reads the word %i of a live partner and never powers', (word) => {
    const bench = new FirmwareBench().identify();
    partnerBursts(bench, word, 60);
    bench.send('DISCOVER', usualRequest);
    expect(discovered(bench)).toBe(true);
    expect(outcomeOf(bench)).toBe('partner');
    expect(bench.last('DISCOVERY')).toMatchObject({ partnerWordValid: 1, partnerWord: word });
    bench.runMs(300);
    expect(bench.powered).toBe(false);
    expect(bench.all('POWER')).toEqual([]);
  });

  it('sees a partner that sends link pulses only, without a word', () => {
    const bench = new FirmwareBench().identify();
    for (let pulse = 0; pulse < 60; pulse++) bench.pulse(bench.machine.cycles + (5 + pulse * 16) * cyclesPerMs);
    bench.send('DISCOVER', usualRequest);
    expect(discovered(bench)).toBe(true);
    expect(outcomeOf(bench)).toBe('partner');
    expect(bench.last('DISCOVERY').partnerWordValid).toBe(0);
  });

  it('sees a partner that wakes up while bursts go out, although the phone relay echoes', () => {
    const bench = new FirmwareBench().identify();
    bench.send('DISCOVER', { ...usualRequest, echoes: 8, maxBursts: 40 });
    bench.runWhile(300, () => bench.all('BURST').length >= 2);
    partnerBursts(bench, 0x01e1, 60);
    expect(discovered(bench)).toBe(true);
    expect(outcomeOf(bench)).toBe('partner');
    expect(bench.last('DISCOVERY')).toMatchObject({ partnerWordValid: 1, partnerWord: 0x01e1 });
    expect(bench.powered).toBe(false);
  });

  it('calls pulses without a pattern noise, and does not power', () => {
    const bench = new FirmwareBench().identify();
    let cycle = bench.machine.cycles;
    for (let pulse = 0; pulse < 400; pulse++) {
      cycle += (1 + ((pulse * 7) % 5) * 0.9) * cyclesPerMs;
      bench.pulse(Math.round(cycle));
    }
    bench.send('DISCOVER', usualRequest);
    expect(discovered(bench)).toBe(true);
    expect(outcomeOf(bench)).toBe('noise');
    bench.runMs(100);
    expect(bench.powered).toBe(false);
  });

  it('takes an echo with one pulse missing for no echo', () => {
    const bench = new FirmwareBench().identify();
    bench.echoDelay = undefined;
    let pulses = 0;
    bench.machine.onPin('FLP_TX', (drive, cycle) => {
      if (drive === 'high' && pulses++ % 17 !== 5) bench.pulse(cycle + 3);
    });
    bench.send('DISCOVER', usualRequest);
    expect(discovered(bench)).toBe(true);
    expect(outcomeOf(bench)).toBe('noise');
    expect(bench.powered).toBe(false);
  });

  it('does not count an echo whose burst followed a foreign pulse', () => {
    const bench = new FirmwareBench().identify();
    bench.machine.onPin('DISC_RELAY', (drive, cycle) => {
      // Relay and listening take 60 ms; the third burst starts 92 ms after the relay, the pulse stands before it.
      if (drive === 'high') bench.pulse(cycle + 90 * cyclesPerMs);
    });
    bench.send('DISCOVER', { ...usualRequest, flags: 0 });
    expect(discovered(bench)).toBe(true);
    expect(bench.all('BURST').map(({ fields }) => fields.foreign)).toEqual(Array(bench.all('BURST').length).fill(0));
    expect(outcomeOf(bench)).toBe('loopback');
    expect(bench.last('DISCOVERY').bursts).toBeGreaterThan(4);
    expect(bench.last('DISCOVERY').foreign).toBe(1);
  });

  it('counts one good echo after a bad one from the start again', () => {
    const bench = new FirmwareBench().identify();
    let bursts = 0;
    let last = 0;
    bench.machine.onPin('FLP_TX', (_, cycle) => {
      if (cycle - last > 5 * cyclesPerMs && ++bursts === 3) {
        bench.echoDelay = undefined;
        bench.machine.at(cycle + 8 * cyclesPerMs, () => {
          bench.echoDelay = 3;
        });
      }
      last = cycle;
    });
    bench.send('DISCOVER', { ...usualRequest, flags: 0 });
    expect(discovered(bench)).toBe(true);
    expect(outcomeOf(bench)).toBe('loopback');
    expect(bench.last('DISCOVERY')).toMatchObject({ matches: 5, bursts: 6 });
  });
});

describe('the way to power', () => {
  it('refuses a jack that carries voltage and tells the fault', () => {
    const bench = new FirmwareBench().identify();
    bench.jackVolts = 5;
    bench.runMs(10);
    bench.send('DISCOVER', usualRequest);
    bench.runMs(50);
    expect(bench.refusals()).toEqual([6]);
    expect(bench.last('FAULT')).toMatchObject({ code: 12 });
    expect(bench.last('FAULT').jackMillivolts).toBeGreaterThan(4900);
    expect(bench.high('DISC_RELAY')).toBe(false);
  });

  it('does not close the second switch when voltage comes up during discovery', () => {
    const bench = new FirmwareBench().identify();
    bench.send('DISCOVER', usualRequest);
    bench.runMs(60);
    bench.jackVolts = 5;
    expect(discovered(bench)).toBe(true);
    bench.runMs(100);
    expect(bench.last('FAULT').code).toBe(12);
    expect(bench.edges.some(({ pin, drive }) => (pin === 'SWITCH2' || pin === 'GATE') && drive === 'high')).toBe(false);
    expect(bench.last('TICK').state).toBe(0);
  });

  it('locks when the jack rises on closing the second switch alone: the FET conducts by itself', () => {
    const bench = new FirmwareBench().identify();
    bench.phoneMilliamps = undefined;
    bench.machine.onPin('SWITCH2', (drive) => {
      bench.jackVolts = drive === 'high' ? 48 : 0;
    });
    bench.send('DISCOVER', usualRequest);
    expect(bench.runWhile(500, () => bench.all('FAULT').length > 0)).toBe(true);
    expect(bench.last('FAULT').code).toBe(13);
    expect(bench.high('SWITCH2')).toBe(false);
    expect(bench.edges.some(({ pin, drive }) => pin === 'GATE' && drive === 'high')).toBe(false);
    bench.runMs(100);
    expect(bench.last('TICK').state).toBe(5);
    expect(bench.all('JACK_SAFE')).toHaveLength(1);
  });

  it.each([
    { what: 'the relay does not come back', pin: 'DISC_READBACK' as const, level: false, code: 11 },
    { what: 'the e-stop opens', pin: 'ESTOP_OK' as const, level: false, code: 7 },
    { what: 'the comparator latch does not clear', pin: 'SHORT_N' as const, level: false, code: 3 },
  ])('gives up and says so when $what', ({ pin, level, code }) => {
    const bench = new FirmwareBench().identify();
    bench.machine.onPin('DISC_RELAY', (drive) => {
      if (drive === 'low') bench.machine.at(bench.machine.cycles + 10, () => bench.machine.setPin(pin, level));
    });
    bench.send('DISCOVER', usualRequest);
    expect(bench.runWhile(500, () => bench.all('FAULT').length > 0)).toBe(true);
    expect(bench.last('FAULT').code).toBe(code);
    bench.runMs(100);
    expect(bench.edges.some(({ pin: edge, drive }) => edge === 'GATE' && drive === 'high')).toBe(false);
    expect(bench.high('SWITCH2')).toBe(false);
    expect(bench.last('TICK').state).toBe(0);
  });

  it('gives up when the heartbeat falls silent during discovery', () => {
    const bench = new FirmwareBench().identify();
    bench.echoDelay = undefined;
    bench.send('DISCOVER', { ...usualRequest, maxBursts: 60, heartbeatTimeoutMs: 200 });
    bench.runMs(200);
    bench.heartbeats = false;
    bench.runMs(250);
    bench.echoDelay = 3;
    expect(discovered(bench)).toBe(true);
    bench.runMs(100);
    expect(bench.last('FAULT').code).toBe(2);
    expect(bench.edges.some(({ pin, drive }) => pin === 'GATE' && drive === 'high')).toBe(false);
  });

  it('stops discovering on OFF', () => {
    const bench = new FirmwareBench().identify();
    bench.send('DISCOVER', { ...usualRequest, echoes: 8, maxBursts: 40 });
    bench.runWhile(300, () => bench.all('BURST').length >= 2);
    bench.send('OFF', {});
    bench.runMs(300);
    expect(bench.high('DISC_RELAY')).toBe(false);
    expect(bench.all('DISCOVERY')).toEqual([]);
    expect(bench.last('TICK').state).toBe(0);
    expect(bench.powered).toBe(false);
  });
});
