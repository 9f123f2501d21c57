import { describe, expect, it } from 'vitest';
import type { PluggedDevice } from '../../src/sim/contracts.js';
import { type BoardPins, createJack } from '../../src/sim/jack.js';
import { createFilterPhone, createLivePartner, emptyJack, loopbackPlug } from '../../src/sim/jack-devices.js';
import { createElectricPhone } from '../../src/sim/phone-power.js';

const ms = 16_000;

type Drive = 'low' | 'high' | 'pull-up';

/** A board whose CPU does what the test scripted, at exact cycles. */
const scriptedBoard = () => {
  const listeners = new Map<string, ((drive: Drive, cycle: number) => void)[]>();
  const drives = new Map<string, Drive>();
  const script: { cycle: number; name: string; drive: Drive }[] = [];
  const levels: { name: string; high: boolean; cycle: number }[] = [];
  const analog = new Map<string, (cycle: number) => number>();
  let cycles = 0;
  const pins: BoardPins = {
    get cycles() {
      return cycles;
    },
    runUntil: (cycle) => {
      for (let next = script[0]; next !== undefined && next.cycle <= cycle; next = script[0]) {
        script.shift();
        cycles = next.cycle;
        drives.set(next.name, next.drive);
        for (const listener of listeners.get(next.name) ?? []) listener(next.drive, next.cycle);
      }
      cycles = cycle;
    },
    onPin: (name, listener) => listeners.set(name, [...(listeners.get(name) ?? []), listener]),
    pinDrive: (name) => drives.get(name) ?? 'floating',
    onReset: () => {},
    setPin: (name, high, cycle = cycles) => levels.push({ name, high, cycle }),
    setAnalog: (name, read) => analog.set(name, read),
  };
  const at = (cycle: number, name: string, drive: Drive) => script.push({ cycle, name, drive });
  const heard = () => levels.filter(({ name }) => name === 'FLP_RX');
  return { pins, at, heard, levels, analog };
};

const build = (device: PluggedDevice) => {
  const board = scriptedBoard();
  return { ...board, jack: createJack(board.pins, device, () => {}, { fetWelds: false }) };
};

describe('the jack', () => {
  it('returns each pulse to the cycle, 3 cycles later and at least 6 wide, through 20 m of cable', () => {
    const { jack, at, heard } = build(createElectricPhone());
    at(1000, 'DISC_RELAY', 'high');
    at(100_001, 'FLP_TX', 'high');
    at(100_003, 'FLP_TX', 'low');
    at(101_001, 'FLP_TX', 'high');
    at(101_017, 'FLP_TX', 'low');
    jack.run(10 * ms);
    expect(heard()).toEqual([
      { name: 'FLP_RX', high: true, cycle: 100_004 },
      { name: 'FLP_RX', high: false, cycle: 100_010 },
      { name: 'FLP_RX', high: true, cycle: 101_004 },
      { name: 'FLP_RX', high: false, cycle: 101_020 },
    ]);
  });

  it('hears of a filter-type phone only pulses of 500 ns and more, at their end', () => {
    const { jack, at, heard } = build(createFilterPhone(createElectricPhone(), 500));
    at(1000, 'DISC_RELAY', 'high');
    for (const [start, width] of [
      [100_001, 2],
      [101_001, 7],
      [102_001, 8],
      [103_001, 16],
    ] as const) {
      at(start, 'FLP_TX', 'high');
      at(start + width, 'FLP_TX', 'low');
    }
    jack.run(10 * ms);
    const rises = heard().filter(({ high }) => high);
    expect(rises.map(({ cycle }) => cycle)).toEqual([102_012, 103_020]);
  });

  it('hears nothing from an empty jack, nor while the relay still stands at pass-through', () => {
    const empty = build(emptyJack);
    empty.at(1000, 'DISC_RELAY', 'high');
    empty.at(100_000, 'FLP_TX', 'high');
    empty.jack.run(10 * ms);
    expect(empty.heard()).toEqual([]);
    const early = build(loopbackPlug);
    early.at(1000, 'DISC_RELAY', 'high');
    early.at(1000 + 4 * ms - 1, 'FLP_TX', 'high');
    early.jack.run(10 * ms);
    expect(early.heard()).toEqual([]);
  });

  it('hears a live partner’s own pulses, once each, while the relay stands at the front end', () => {
    const { jack, at, heard } = build(createLivePartner(0x41e1));
    at(1000, 'DISC_RELAY', 'high');
    at(60 * ms, 'DISC_RELAY', 'low');
    jack.run(200 * ms);
    const rises = heard().filter(({ high }) => high);
    expect(rises.length).toBeGreaterThan(60);
    expect(new Set(rises.map(({ cycle }) => cycle)).size).toBe(rises.length);
    expect(Math.max(...rises.map(({ cycle }) => cycle))).toBeLessThan(65 * ms);
  });

  it('takes a floating or pulled-up pin for low', () => {
    const { jack, at } = build(emptyJack);
    at(1000, 'SWITCH2', 'pull-up');
    jack.run(20 * ms);
    expect(jack.path.state.switch2).toBe(false);
    at(21 * ms, 'SWITCH2', 'high');
    jack.run(20 * ms);
    expect(jack.path.state.switch2).toBe(true);
  });

  it('gives the ADC what flows now', () => {
    const { jack, at, analog } = build(createElectricPhone());
    at(1000, 'SWITCH2', 'high');
    at(10 * ms, 'GATE', 'high');
    at(10 * ms, 'PUMP', 'high');
    jack.run(15 * ms);
    // The inrush at its limit: 425 of 500 mA.
    expect(Math.abs((analog.get('CURRENT')?.(0) ?? 0) - 870)).toBeLessThanOrEqual(1);
    jack.run(45 * ms);
    expect(analog.get('CURRENT')?.(0)).toBeLessThanOrEqual(1);
  });

  /** Shifts a word into the registers and latches it, bit 15 first. */
  const shift = (at: ReturnType<typeof build>['at'], startCycle: number, word: number) => {
    for (let bit = 15; bit >= 0; bit -= 1) {
      const cycle = startCycle + (15 - bit) * 10;
      at(cycle, 'SHIFT_DATA', ((word >> bit) & 1) === 1 ? 'high' : 'low');
      at(cycle + 2, 'STATUS_LED', 'high');
      at(cycle + 4, 'STATUS_LED', 'low');
    }
    at(startCycle + 200, 'SHIFT_LATCH', 'high');
    at(startCycle + 202, 'SHIFT_LATCH', 'low');
  };

  it('follows the shift registers: relays, and the discrete lines out', () => {
    const { jack, at } = build(emptyJack);
    shift(at, 1000, 0b0110_1001);
    jack.run(10 * ms);
    expect(jack.path.state).toMatchObject({ afRelay: true, polarityReversed: true });
    expect(jack.register.high('PGOOD')).toBe(true);
    expect(jack.register.high('FAULT_N')).toBe(true);
    expect(jack.register.high('LOOP')).toBe(false);
  });

  it('loops pulses back on the board when the self-test asks for it, whatever hangs on the jack', () => {
    const { jack, at, heard } = build(emptyJack);
    shift(at, 1000, 0b1000_0000);
    at(100_000, 'FLP_TX', 'high');
    at(100_002, 'FLP_TX', 'low');
    jack.run(10 * ms);
    expect(heard().map(({ cycle }) => cycle)).toEqual([100_001, 100_007]);
  });
});
