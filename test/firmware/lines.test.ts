import { beforeEach, describe, expect, it } from 'vitest';
import { encodeEeprom, nominalBlock } from '../../src/wire/board-block.js';
import { injectorCauses, injectorRefusals } from '../../src/wire/injector-messages.js';
import { cyclesPerMs, FirmwareBench, usualProfile, usualRequest } from './firmware-bench.js';

const profiled = encodeEeprom(nominalBlock('LP000042'), usualProfile);

/** The Pi's side of the discrete lines; no serial. */
class LinesBench extends FirmwareBench {
  halfPeriodMs = 100;
  beats = true;
  #level = false;
  constructor(eeprom = profiled) {
    super(eeprom);
    this.#beat();
  }
  #beat(): void {
    this.machine.at(this.machine.cycles + this.halfPeriodMs * cyclesPerMs, () => {
      if (this.beats) {
        this.#level = !this.#level;
        this.machine.setPin('HEARTBEAT', this.#level);
      }
      this.#beat();
    });
  }
  line(name: 'FLP_START' | 'PWR_REQ', high: boolean): void {
    this.machine.setPin(name, high);
  }
  /** LOOP, PGOOD, FAULT_N as the Pi reads them. */
  get outputs(): string {
    return (['LOOP', 'PGOOD', 'FAULT_N'] as const).filter((name) => this.registers.high(name)).join(' ');
  }
  ready(): this {
    this.runMs(400);
    expect(this.outputs).toBe('FAULT_N');
    return this;
  }
  on(): this {
    this.ready().line('PWR_REQ', true);
    expect(this.runWhile(1500, () => this.registers.high('PGOOD'))).toBe(true);
    expect(this.powered).toBe(true);
    return this;
  }
  /** The trip as a host finds it afterwards, and what the host was told. */
  trip(): string | undefined {
    this.identify();
    this.send('TAKE_TRIP', {});
    this.runMs(60);
    return injectorCauses[this.last('TRIP').cause];
  }
  everClosed(): boolean {
    return this.edges.some(({ pin, drive }) => drive === 'high' && (pin === 'GATE' || pin === 'SWITCH2'));
  }
}

let bench: LinesBench;
beforeEach(() => {
  bench = new LinesBench();
});

describe('the discrete lines', () => {
  it('FLP_START discovers without power; LOOP stands until it falls', () => {
    bench.ready().line('FLP_START', true);
    expect(bench.runWhile(1000, () => bench.registers.high('LOOP'))).toBe(true);
    bench.runMs(300);
    expect(bench.outputs).toBe('LOOP FAULT_N');
    bench.line('FLP_START', false);
    bench.runMs(5);
    expect(bench.outputs).toBe('FAULT_N');
    expect(bench.everClosed()).toBe(false);
  });

  it('FLP_START on an empty jack leaves LOOP and FAULT_N as they were', () => {
    bench.echoDelay = undefined;
    bench.ready().line('FLP_START', true);
    bench.runMs(1500);
    expect(bench.outputs).toBe('FAULT_N');
    expect(bench.high('DISC_RELAY')).toBe(false);
  });

  it('PWR_REQ discovers and powers by the profile; PGOOD from the end of inrush; low is off, and no fault', () => {
    bench.ready().line('PWR_REQ', true);
    expect(bench.runWhile(1000, () => bench.powered)).toBe(true);
    expect(bench.outputs).toBe('FAULT_N');
    bench.runMs(40);
    expect(bench.outputs).toBe('PGOOD FAULT_N');
    bench.runMs(2000);
    expect(bench.powered).toBe(true);
    bench.line('PWR_REQ', false);
    bench.runMs(1);
    expect(bench.high('GATE')).toBe(false);
    expect(bench.outputs).toBe('FAULT_N');
    bench.runMs(300);
    expect(bench.outputs).toBe('FAULT_N');
  });

  it('PWR_REQ again waits out the off-dwell', () => {
    bench.on().line('PWR_REQ', false);
    const off = bench.machine.cycles;
    bench.runMs(20);
    bench.line('PWR_REQ', true);
    expect(bench.runWhile(2000, () => bench.high('DISC_RELAY'))).toBe(true);
    expect((bench.machine.cycles - off) / cyclesPerMs).toBeGreaterThan(usualProfile.offDwellMs - 2);
    expect(bench.runWhile(1000, () => bench.powered)).toBe(true);
  });

  it('PWR_REQ low stops a discovery', () => {
    bench.ready().line('PWR_REQ', true);
    bench.runMs(80);
    expect(bench.high('DISC_RELAY')).toBe(true);
    bench.line('PWR_REQ', false);
    bench.runMs(300);
    expect(bench.high('DISC_RELAY')).toBe(false);
    expect(bench.outputs).toBe('FAULT_N');
    expect(bench.everClosed()).toBe(false);
  });

  it('PWR_REQ that is already high at the start is refused, and FAULT_N says so until it is low', () => {
    bench.line('PWR_REQ', true);
    bench.runMs(3000);
    expect(bench.outputs).toBe('');
    expect(bench.everClosed()).toBe(false);
    bench.line('PWR_REQ', false);
    bench.runMs(5);
    expect(bench.outputs).toBe('FAULT_N');
    bench.line('PWR_REQ', true);
    expect(bench.runWhile(1000, () => bench.powered)).toBe(true);
  });

  it.each([
    { what: 'an empty jack', spoil: (each: LinesBench) => Object.assign(each, { echoDelay: undefined }) },
    { what: 'an open e-stop', spoil: (each: LinesBench) => each.setEstop(false) },
    { what: 'a jack that carries voltage', spoil: (each: LinesBench) => Object.assign(each, { jackVolts: 5 }) },
    { what: 'a HEARTBEAT that stands still', spoil: (each: LinesBench) => Object.assign(each, { beats: false }) },
    { what: 'a HEARTBEAT that is too fast', spoil: (each: LinesBench) => Object.assign(each, { halfPeriodMs: 15 }) },
  ])('PWR_REQ with $what: no power, FAULT_N low until PWR_REQ is', ({ spoil }) => {
    bench.ready();
    spoil(bench);
    bench.runMs(600);
    bench.line('PWR_REQ', true);
    bench.runMs(1800);
    expect(bench.outputs).toBe('');
    bench.runMs(500);
    expect(bench.outputs).toBe('');
    bench.line('PWR_REQ', false);
    bench.runMs(1);
    expect(bench.outputs).toBe('FAULT_N');
    expect(bench.everClosed()).toBe(false);
  });

  it('a fault is shown for 200 ms at least, and PWR_REQ that rises meanwhile is a fault again', () => {
    bench.setEstop(false);
    bench.ready().line('PWR_REQ', true);
    bench.runMs(2);
    bench.line('PWR_REQ', false);
    bench.runMs(100);
    bench.setEstop(true);
    expect(bench.outputs).toBe('');
    bench.line('PWR_REQ', true);
    bench.runMs(500);
    expect(bench.outputs).toBe('');
    expect(bench.everClosed()).toBe(false);
    bench.line('PWR_REQ', false);
    bench.runMs(1);
    expect(bench.outputs).toBe('FAULT_N');
  });

  it('a trip latches: FAULT_N low and no power until PWR_REQ has been low', () => {
    bench.on();
    bench.machine.setPin('SHORT_N', false);
    bench.runMs(1);
    expect(bench.high('GATE')).toBe(false);
    bench.machine.setPin('SHORT_N', true);
    bench.runMs(1500);
    expect(bench.outputs).toBe('');
    expect(bench.powered).toBe(false);
    bench.line('PWR_REQ', false);
    bench.runMs(1);
    expect(bench.outputs).toBe('FAULT_N');
    bench.line('PWR_REQ', true);
    expect(bench.runWhile(1500, () => bench.powered)).toBe(true);
    expect(bench.trip()).toBe('SHORT');
  });

  it.each([false, true])(
    'HEARTBEAT that stays as it is (high: %s) is none: power ends within the time-out',
    (level) => {
      bench.on();
      expect(bench.runWhile(250, () => level === (bench.machine.cycles / cyclesPerMs) % 200 > 100)).toBe(true);
      bench.beats = false;
      const from = bench.machine.cycles;
      expect(bench.runWhile(700, () => !bench.high('GATE'))).toBe(true);
      expect((bench.machine.cycles - from) / cyclesPerMs).toBeLessThan(502);
      bench.runMs(1);
      expect(bench.outputs).toBe('');
      bench.line('PWR_REQ', false);
      expect(bench.trip()).toBe('HEARTBEAT');
    },
  );

  it.each([{ halfPeriodMs: 19 }, { halfPeriodMs: 3 }, { halfPeriodMs: 0.08 }, { halfPeriodMs: 0.01 }])(
    'HEARTBEAT edges $halfPeriodMs ms apart are too fast: power ends at once',
    ({ halfPeriodMs }) => {
      bench.on();
      bench.halfPeriodMs = halfPeriodMs;
      expect(bench.runWhile(160, () => !bench.high('GATE'))).toBe(true);
      bench.halfPeriodMs = 100;
      bench.line('PWR_REQ', false);
      bench.runMs(600);
      expect(bench.trip()).toBe('LINE_TOO_FAST');
    },
  );

  it.each([21, 250, 480])('HEARTBEAT edges %i ms apart hold power, discovery and inrush included', (halfPeriodMs) => {
    bench.halfPeriodMs = halfPeriodMs;
    bench.runMs(2000);
    bench.on();
    bench.runMs(2500);
    expect(bench.outputs).toBe('PGOOD FAULT_N');
  });

  it('FLP_START is link while powered: rising lifts the deadline, falling starts it again', () => {
    bench = new LinesBench(encodeEeprom(nominalBlock('LP000042'), { ...usualProfile, linkDeadlineMs: 1000 })).on();
    bench.runMs(500);
    bench.line('FLP_START', true);
    bench.runMs(1500);
    expect(bench.powered).toBe(true);
    bench.line('FLP_START', false);
    bench.runMs(990);
    expect(bench.powered).toBe(true);
    bench.runMs(20);
    expect(bench.high('GATE')).toBe(false);
    bench.line('PWR_REQ', false);
    expect(bench.trip()).toBe('LINK_DEADLINE');
  });

  it('FLP_START that was high before power-on is no link', () => {
    bench = new LinesBench(encodeEeprom(nominalBlock('LP000042'), { ...usualProfile, linkDeadlineMs: 1000 })).ready();
    bench.line('FLP_START', true);
    bench.runMs(500);
    bench.line('PWR_REQ', true);
    expect(bench.runWhile(1000, () => bench.powered)).toBe(true);
    bench.runMs(1010);
    expect(bench.high('GATE')).toBe(false);
  });

  it.each([
    { what: 'a profile', eeprom: encodeEeprom(nominalBlock('LP000042')) },
    { what: 'a calibration', eeprom: profiled.map((byte, index) => (index === 3 ? byte ^ 1 : byte)) },
    { what: 'a right CRC of the profile', eeprom: profiled.map((byte, index) => (index === 40 ? byte ^ 1 : byte)) },
    {
      what: 'pairs that this revision feeds',
      eeprom: encodeEeprom(nominalBlock('LP000042'), { ...usualProfile, pairs: 3 }),
    },
  ])('without $what the lines do nothing and FAULT_N stays low', ({ eeprom }) => {
    bench = new LinesBench(eeprom);
    bench.runMs(400);
    bench.line('FLP_START', true);
    bench.line('PWR_REQ', true);
    bench.runMs(1000);
    expect(bench.outputs).toBe('');
    expect(bench.everClosed() || bench.edges.some(({ pin, drive }) => pin === 'DISC_RELAY' && drive === 'high')).toBe(
      false,
    );
  });

  it('a watchdog reset while the lines hold power: off, and PWR_REQ has to fall first', () => {
    bench.on();
    bench.machine.reset('watchdog');
    bench.runMs(6000);
    expect(bench.powered).toBe(false);
    expect(bench.outputs).toBe('');
    bench.line('PWR_REQ', false);
    bench.runMs(1);
    bench.line('PWR_REQ', true);
    expect(bench.runWhile(1000, () => bench.powered)).toBe(true);
  });
});

describe('lines and serial', () => {
  it('a host on serial takes the command; two seconds of silence give it back', () => {
    bench.ready().identify();
    expect(bench.outputs).toBe('');
    expect((bench.last('TICK').flags & 64) === 0).toBe(true);
    bench.line('PWR_REQ', true);
    bench.runMs(500);
    expect(bench.everClosed()).toBe(false);
    expect(bench.last('TICK').flags & 16).toBe(16);
    bench.send('DISCOVER', usualRequest);
    bench.runMs(60);
    expect(bench.refusals().map((code) => injectorRefusals[code])).toEqual(['LINES']);
    bench.heartbeats = false;
    bench.runMs(2500);
    expect(bench.last('TICK').flags & 64).toBe(64);
    expect(injectorCauses[bench.last('FAULT').code]).toBe('PWR_REQ_HELD');
    expect(bench.everClosed()).toBe(false);
    bench.line('PWR_REQ', false);
    bench.runMs(1);
    bench.line('PWR_REQ', true);
    expect(bench.runWhile(1000, () => bench.powered)).toBe(true);
  });

  it('a host that comes while the lines hold power does not loosen PWR_REQ', () => {
    bench.on();
    bench.sendBytes([0xf0, 0x0c, 0xf7]);
    bench.send('HEARTBEAT', { counter: 0 });
    bench.runMs(100);
    expect(bench.powered).toBe(true);
    bench.line('PWR_REQ', false);
    bench.runMs(1);
    expect(bench.high('GATE')).toBe(false);
  });

  it('DISCOVER may take its heartbeat from the line, which then alone holds power', () => {
    bench.ready().identify();
    bench.heartbeats = false;
    bench.runMs(600);
    bench.send('DISCOVER', { ...usualRequest, flags: 1 });
    bench.runMs(60);
    expect(bench.refusals().map((code) => injectorRefusals[code])).toEqual(['NO_HEARTBEAT']);
    bench.send('DISCOVER', { ...usualRequest, flags: 3 });
    expect(bench.runWhile(1000, () => bench.powered)).toBe(true);
    bench.runMs(1000);
    expect(bench.powered).toBe(true);
    expect(bench.last('TICK').flags & 32).toBe(32);
    bench.beats = false;
    bench.runMs(600);
    expect(bench.high('GATE')).toBe(false);
    expect(injectorCauses[bench.last('POWER').cause]).toBe('HEARTBEAT');
  });
});
