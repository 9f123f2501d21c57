import { describe, expect, it } from 'vitest';
import { injectorProtocol } from '../../src/wire/injector.js';
import { injectorCauses } from '../../src/wire/injector-messages.js';
import { cyclesPerMs, FirmwareBench, usualRequest } from './firmware-bench.js';

const pumpHoldMs = 30;
/** A pass of the guard, and the ADC's turn for the current. */
const passMs = 0.4;

const edgeAfter = (bench: FirmwareBench, cycle: number, pin: string, drive: string): number => {
  const edge = bench.edges.find((each) => each.cycle >= cycle && each.pin === pin && each.drive === drive);
  if (edge === undefined) throw new Error(`${pin} did not go ${drive}`);
  return edge.cycle;
};
/** Runs for up to `limitMs` and returns after how many ms from now GATE went low. */
const gateLowAfterMs = (bench: FirmwareBench, limitMs: number): number => {
  const from = bench.machine.cycles;
  bench.runMs(limitMs);
  return (edgeAfter(bench, from, 'GATE', 'low') - from) / cyclesPerMs;
};
const causeOf = (bench: FirmwareBench): string | undefined => injectorCauses[bench.last('POWER').cause];
const steady = (request: Parameters<FirmwareBench['powerOn']>[0] = {}): FirmwareBench => {
  const bench = new FirmwareBench().powerOn(request);
  bench.runMs(450); // inrush and the upload of its trace
  expect(bench.last('TICK').state).toBe(3);
  return bench;
};

describe('what opens the switch', () => {
  it.each([
    { cause: 'SHORT', pin: 'SHORT_N' as const },
    { cause: 'ESTOP', pin: 'ESTOP_OK' as const },
    { cause: 'RELAY', pin: 'DISC_READBACK' as const },
  ])('$cause: within a pass of the guard', ({ cause, pin }) => {
    const bench = steady();
    bench.machine.setPin(pin, false);
    expect(gateLowAfterMs(bench, 60)).toBeLessThan(passMs);
    expect(causeOf(bench)).toBe(cause);
    expect(bench.last('POWER').delay * 64).toBeLessThan(passMs * cyclesPerMs);
  });

  it('OVERLOAD: after overloadMs above the limit, good to 1 ms, and not for less', () => {
    const bench = steady();
    bench.phoneMilliamps = 400;
    bench.runMs(55);
    bench.phoneMilliamps = 60;
    bench.runMs(100);
    expect(bench.powered).toBe(true);

    bench.phoneMilliamps = 400;
    const after = gateLowAfterMs(bench, 100);
    expect(after).toBeGreaterThan(60);
    expect(after).toBeLessThan(61);
    expect(causeOf(bench)).toBe('OVERLOAD');
    expect(bench.last('POWER').milliamps).toBe(400);
    expect((bench.last('POWER').delay * 64) / cyclesPerMs).toBeCloseTo(60, 0);
  });

  it('UNDERLOAD: after underloadMs below the limit, good to 1 ms, and not for less', () => {
    const bench = steady();
    bench.phoneMilliamps = 2;
    bench.runMs(340);
    bench.phoneMilliamps = 60;
    bench.runMs(50);
    expect(bench.powered).toBe(true);

    bench.phoneMilliamps = 2;
    const after = gateLowAfterMs(bench, 400);
    expect(after).toBeGreaterThan(350);
    expect(after).toBeLessThan(351);
    expect(causeOf(bench)).toBe('UNDERLOAD');
  });

  it('INRUSH: when the current has not settled within the timer', () => {
    const bench = new FirmwareBench();
    bench.phoneMilliamps = 420;
    bench.powerOn();
    const onAt = edgeAfter(bench, 0, 'GATE', 'high');
    bench.runMs(100);
    const lasted = (edgeAfter(bench, onAt, 'GATE', 'low') - onAt) / cyclesPerMs;
    expect(lasted).toBeGreaterThan(60);
    expect(lasted).toBeLessThan(60.5);
    expect(causeOf(bench)).toBe('INRUSH');
    bench.runMs(100);
    expect(bench.last('INRUSH').count).toBeGreaterThan(57);
    bench.runWhile(800, () => bench.all('TRACE').length === Math.ceil(bench.last('INRUSH').count / 12));
    expect(bench.all('TRACE').flatMap(({ fields }) => fields.milliamps)).toHaveLength(bench.last('INRUSH').count);
  });

  it('LINK_DEADLINE: from power-on when link never comes, lifted by LINK up, started again by LINK down', () => {
    const bench = new FirmwareBench().powerOn({ linkDeadlineMs: 1000 });
    const onAt = edgeAfter(bench, 0, 'GATE', 'high');
    bench.runMs(1100);
    const lasted = (edgeAfter(bench, onAt, 'GATE', 'low') - onAt) / cyclesPerMs;
    expect(lasted).toBeGreaterThan(1000);
    expect(lasted).toBeLessThan(1000 + passMs);
    expect(causeOf(bench)).toBe('LINK_DEADLINE');
    expect(bench.last('POWER').delay * 64).toBeLessThan(passMs * cyclesPerMs);

    const second = new FirmwareBench().powerOn({ linkDeadlineMs: 1000 });
    second.runMs(500);
    second.send('LINK', { up: 1 });
    second.runMs(1500);
    expect(second.powered).toBe(true);
    second.send('LINK', { up: 0 });
    const after = gateLowAfterMs(second, 1100);
    expect(after).toBeGreaterThan(1000);
    expect(after).toBeLessThan(1010);
    expect(causeOf(second)).toBe('LINK_DEADLINE');
  });

  it('COMMANDED: OFF opens it at once; the board stays identified and JACK_SAFE follows', () => {
    const bench = steady();
    bench.send('OFF', {});
    expect(gateLowAfterMs(bench, 50)).toBeLessThan(4);
    expect(causeOf(bench)).toBe('COMMANDED');
    expect(bench.all('JACK_SAFE')).toHaveLength(1);
    expect(bench.last('TICK').flags & 8).toBe(0);
  });

  it('COMMANDED: IDENTIFY finds power off', () => {
    const bench = steady();
    bench.send('IDENTIFY', { protocol: injectorProtocol });
    expect(gateLowAfterMs(bench, 50)).toBeLessThan(4);
    expect(causeOf(bench)).toBe('COMMANDED');
    expect(bench.all('IDENTITY')).toHaveLength(2);
  });

  it('SYSTEM_RESET: 0xFF opens it, even in the middle of a message', () => {
    const bench = steady();
    bench.sendBytes([0xf0, 0x0c, 0x01, 0xff]);
    expect(gateLowAfterMs(bench, 50)).toBeLessThan(2);
    expect(causeOf(bench)).toBe('SYSTEM_RESET');
  });

  it('stops the pump with the gate, without one edge more, whether it stands high or low', () => {
    const levels = [0, 1, 2, 3].map((passes) => {
      const bench = steady();
      bench.runMs(passes * 0.16);
      bench.send('OFF', {});
      bench.runMs(100);
      const gateLow = edgeAfter(bench, edgeAfter(bench, 0, 'GATE', 'high'), 'GATE', 'low');
      expect(bench.edges.filter(({ pin, cycle }) => pin === 'PUMP' && cycle >= gateLow)).toEqual([]);
      return bench.high('PUMP');
    });
    expect(new Set(levels)).toEqual(new Set([true, false]));
  });
});

describe('the heartbeat', () => {
  it('lost: the gate is low within the timeout and one pass, well before the pump would run out', () => {
    const bench = steady({ heartbeatTimeoutMs: 500 });
    // The board takes a heartbeat when its last byte has come.
    bench.runWhile(60, () => bench.machine.serialInBacklog > 0);
    bench.runWhile(20, () => bench.machine.serialInBacklog === 0);
    bench.heartbeats = false;
    const after = gateLowAfterMs(bench, 600);
    // It counts from the TICK it returns, which left up to one period and a message before it came back.
    expect(after).toBeGreaterThan(500 - 60);
    expect(after).toBeLessThan(500 + pumpHoldMs);
    expect(causeOf(bench)).toBe('HEARTBEAT');
    const delayMs = (bench.last('POWER').delay * 64) / cyclesPerMs;
    expect(delayMs).toBeGreaterThanOrEqual(500);
    expect(delayMs).toBeLessThan(500 + passMs);
  });

  const withOwnHeartbeat = (beat: (newest: number, n: number) => number | undefined): FirmwareBench => {
    const bench = steady({ heartbeatTimeoutMs: 400 });
    bench.heartbeats = false;
    let told = bench.all('TICK').length;
    for (let n = 0; n < 24; n++) {
      bench.runWhile(100, () => bench.all('TICK').length > told);
      told = bench.all('TICK').length;
      const counter = beat(bench.last('TICK').counter, n);
      if (counter !== undefined) bench.send('HEARTBEAT', { counter: counter & 0xffff });
    }
    return bench;
  };

  it.each([
    { which: 'the newest counter', beat: (newest: number) => newest, holds: true },
    { which: 'the counter before it', beat: (newest: number) => newest - 1, holds: true },
    { which: 'a counter 300 ms old', beat: (newest: number) => newest - 6, holds: true },
    { which: 'a counter older than the time-out', beat: (newest: number) => newest - 9, holds: false },
    { which: 'a counter no longer kept', beat: (newest: number) => newest - 40, holds: false },
    { which: 'a counter not yet sent', beat: (newest: number) => newest + 1, holds: false },
  ])('with $which holds power: $holds', ({ beat, holds }) => {
    expect(withOwnHeartbeat(beat).powered).toBe(holds);
  });

  it('repeated, while its counter would still do, does not count again', () => {
    const bench = steady({ heartbeatTimeoutMs: 400 });
    bench.heartbeats = false;
    const told = bench.all('TICK').length;
    bench.runWhile(100, () => bench.all('TICK').length > told);
    const counter = bench.last('TICK').counter;
    bench.send('HEARTBEAT', { counter });
    const from = bench.machine.cycles;
    bench.runMs(75); // a block of SAMPLES may stand before the TICK
    expect(bench.last('TICK').counter).toBe(counter + 1);
    bench.send('HEARTBEAT', { counter });
    bench.runMs(500);
    expect(causeOf(bench)).toBe('HEARTBEAT');
    const after = (edgeAfter(bench, from, 'GATE', 'low') - from) / cyclesPerMs;
    expect(after).toBeGreaterThan(370);
    expect(after).toBeLessThan(402);
  });
});

describe('after the switch has opened', () => {
  it('reports the jack safe and opens the second switch when it falls below 2.8 V', () => {
    const bench = new FirmwareBench();
    let volts = 48;
    bench.machine.every(cyclesPerMs, () => {
      if (bench.high('GATE')) volts = 48;
      else if (bench.machine.cycles > 0) volts *= 0.98;
      if (bench.edges.some(({ pin, drive }) => pin === 'GATE' && drive === 'high')) bench.jackVolts = volts;
    });
    bench.powerOn();
    bench.runMs(200);
    bench.send('OFF', {});
    const from = bench.machine.cycles;
    bench.runMs(400);
    const gateLow = edgeAfter(bench, from, 'GATE', 'low');
    const switchOpen = edgeAfter(bench, gateLow, 'SWITCH2', 'low');
    const openedAfter = (switchOpen - gateLow) / cyclesPerMs;
    expect(openedAfter).toBeGreaterThan(130);
    expect(openedAfter).toBeLessThan(150);
    expect((bench.last('JACK_SAFE').delay * 64) / cyclesPerMs).toBeCloseTo(openedAfter, 0);
    expect(bench.all('FAULT')).toEqual([]);
    expect(bench.last('TICK').state).toBe(0);
  });

  /** The FET welds: the jack follows the second switch alone, once power was on. */
  const welded = (): FirmwareBench => {
    const bench = steady();
    bench.machine.onPin('SWITCH2', (drive) => {
      bench.jackVolts = drive === 'high' ? 48 : 0;
    });
    bench.jackVolts = 48;
    return bench;
  };

  it('opens the second switch after 500 ms, locks, and proves the second switch by JACK_SAFE', () => {
    const bench = welded();
    bench.send('OFF', {});
    const from = bench.machine.cycles;
    bench.runMs(700);
    const gateLow = edgeAfter(bench, from, 'GATE', 'low');
    const opened = (edgeAfter(bench, gateLow, 'SWITCH2', 'low') - gateLow) / cyclesPerMs;
    expect(opened).toBeGreaterThanOrEqual(500);
    expect(opened).toBeLessThan(500 + passMs);
    expect(injectorCauses[bench.last('FAULT').code]).toBe('SWITCH_STUCK');
    expect(bench.last('FAULT').jackMillivolts).toBeGreaterThan(47_000);
    expect(bench.all('JACK_SAFE')).toHaveLength(1);
    expect(bench.last('TICK')).toMatchObject({ state: 5 });
    expect(bench.last('TICK').flags & 4).toBe(4);
  });

  it('stays locked, over a watchdog reset too, until UNLOCK', () => {
    const bench = welded();
    bench.send('OFF', {});
    bench.runMs(1200);
    bench.machine.reset('watchdog');
    bench.identify();
    bench.send('DISCOVER', usualRequest);
    bench.runMs(50);
    expect(bench.refusals()).toEqual([10]);
    bench.send('UNLOCK', {});
    bench.runMs(100);
    expect(bench.last('TICK').state).toBe(0);
    bench.send('DISCOVER', usualRequest);
    bench.runMs(50);
    expect(bench.refusals()).toEqual([10]);
    expect(bench.high('DISC_RELAY')).toBe(true);
  });

  it('refuses to discover until the dwell is over', () => {
    const bench = steady({ offDwellMs: 800 });
    bench.send('OFF', {});
    bench.runMs(700);
    bench.send('DISCOVER', usualRequest);
    bench.runMs(50);
    expect(bench.refusals()).toEqual([7]);
    bench.runMs(100);
    bench.send('DISCOVER', usualRequest);
    expect(bench.runWhile(400, () => bench.powered)).toBe(true);
  });
});

describe('the last trip', () => {
  const takeTrip = (bench: FirmwareBench) => {
    bench.send('TAKE_TRIP', {});
    bench.runMs(50);
    return bench.last('TRIP');
  };

  it('is kept until it is taken, over a watchdog reset too', () => {
    const bench = steady();
    bench.machine.setPin('ESTOP_OK', false);
    bench.runMs(100);
    const told = bench.last('POWER');
    const safe = bench.last('JACK_SAFE');
    expect(bench.last('TICK').flags & 8).toBe(8);
    bench.machine.reset('watchdog');
    bench.identify();
    expect(bench.last('IDENTITY').resetCause).toBe(8);
    expect(takeTrip(bench)).toEqual({ valid: 1, cause: 7, switchOff: told.delay, jackSafe: safe.delay });
    expect(takeTrip(bench)).toMatchObject({ valid: 0, cause: 0 });
  });

  it('is BOARD_RESET when a reset found power on; all outputs float at once and stay off', () => {
    const bench = steady();
    bench.machine.reset('watchdog');
    expect(bench.machine.pinDrive('GATE')).toBe('floating');
    expect(bench.machine.pinDrive('SWITCH2')).toBe('floating');
    const from = bench.machine.cycles;
    bench.identify();
    expect(
      bench.edges.filter(({ cycle, drive }) => cycle >= from && (drive === 'high' || drive === 'pull-up')),
    ).toEqual([]);
    expect(takeTrip(bench)).toMatchObject({ valid: 1, cause: 10, switchOff: 0 });
    bench.send('DISCOVER', usualRequest);
    bench.runMs(50);
    expect(bench.refusals()).toEqual([7]);
  });

  it('is forgotten without supply, and SRAM garbage is none', () => {
    const bench = steady();
    bench.machine.setPin('ESTOP_OK', false);
    bench.runMs(100);
    bench.machine.reset('power-on');
    bench.identify();
    expect(takeTrip(bench)).toMatchObject({ valid: 0 });
  });
});
