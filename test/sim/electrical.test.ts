import { describe, expect, it } from 'vitest';
import type { PluggedDevice } from '../../src/sim/contracts.js';
import { createPowerPath, type ElectricalChange, type PowerPath } from '../../src/sim/electrical.js';
import { createShort, emptyJack } from '../../src/sim/jack-devices.js';
import { afInput, createElectricPhone, type PhoneInput } from '../../src/sim/phone-power.js';

const ms = 16_000;

const bench = (device: PluggedDevice, options = { fetWelds: false }) => {
  const changes: ElectricalChange[] = [];
  const inputs: { name: string; high: boolean; cycle: number }[] = [];
  const path = createPowerPath(
    device,
    {
      onChange: (change) => changes.push(change),
      onInput: (name, high, cycle) => inputs.push({ name, high, cycle }),
    },
    options,
  );
  const last = (event: string) => changes.findLast((change) => change.event === event);
  return { path, changes, inputs, last };
};

/** Toggles PUMP every 10 ms, as the guard loop does, until `cycle`. */
const pumpUntil = (path: PowerPath, fromMs: number, toMs: number) => {
  for (let at = fromMs; at < toMs; at += 10) path.output('PUMP', ((at - fromMs) / 10) % 2 === 0, at * ms);
  path.advanceTo(toMs * ms);
};

const powered = (device: PluggedDevice, options = { fetWelds: false }) => {
  const setup = bench(device, options);
  setup.path.output('SWITCH2', true, 10 * ms);
  setup.path.output('GATE', true, 20 * ms);
  pumpUntil(setup.path, 20, 120);
  return setup;
};

describe('the power path of the board', () => {
  it('conducts only while GATE is high, PUMP toggles and the second switch is closed', () => {
    const { path } = bench(emptyJack);
    path.output('GATE', true, 1 * ms);
    path.advanceTo(10 * ms);
    expect(path.state.conducting).toBe(false);
    path.output('SWITCH2', true, 10 * ms);
    path.output('PUMP', true, 20 * ms);
    path.advanceTo(21 * ms);
    expect(path.state.conducting).toBe(true);
    path.output('SWITCH2', false, 22 * ms);
    path.advanceTo(30 * ms);
    expect(path.state.conducting).toBe(false);
  });

  it('lets the FET go 22.5 ms after the last edge on PUMP, GATE high or not', () => {
    const { path, last } = bench(emptyJack);
    path.output('SWITCH2', true, 0);
    path.output('GATE', true, 10 * ms);
    path.output('PUMP', true, 10 * ms);
    path.output('PUMP', false, 17 * ms);
    path.advanceTo(100 * ms);
    expect(last('conducting')).toEqual({ event: 'conducting', on: false, cycle: 39.5 * ms });
    expect(last('pump-alive')).toEqual({ event: 'pump-alive', on: false, cycle: 39.5 * ms });
    expect(path.state.gate).toBe(true);
  });

  it('closes the second switch 5 ms after its coil and opens it 3 ms after', () => {
    const { path, changes } = bench(emptyJack);
    path.output('SWITCH2', true, 10 * ms);
    path.output('SWITCH2', false, 40 * ms);
    path.advanceTo(60 * ms);
    const contact = changes.filter((change) => change.event === 'switch2');
    expect(contact.map(({ on, cycle }) => [on, cycle / ms])).toEqual([
      [true, 15],
      [false, 43],
    ]);
  });

  it('says on DISC_READBACK where the relay stands, 4 ms after DISC_RELAY', () => {
    const { path, inputs } = bench(emptyJack);
    expect(path.inputs.DISC_READBACK).toBe(true);
    path.output('DISC_RELAY', true, 8 * ms);
    path.output('DISC_RELAY', false, 20 * ms);
    path.advanceTo(30 * ms);
    expect(inputs).toEqual([
      { name: 'DISC_READBACK', high: false, cycle: 12 * ms },
      { name: 'DISC_READBACK', high: true, cycle: 24 * ms },
    ]);
  });

  it('charges a phone at the limit and settles to its load', () => {
    const phone = createElectricPhone();
    const { path } = bench(phone);
    path.output('SWITCH2', true, 0);
    path.output('GATE', true, 10 * ms);
    pumpUntil(path, 10, 30);
    expect(path.state.milliamps).toBe(425);
    pumpUntil(path, 30, 60);
    phone.setLoad(6300);
    pumpUntil(path, 60, 100);
    // 6.3 W at 48 V, and the bleeder.
    expect(path.state.milliamps).toBeGreaterThan(131);
    expect(path.state.milliamps).toBeLessThan(134);
    expect(path.state.jackVolts).toBeCloseTo(48, 1);
  });

  it('brings the jack below 2.8 V well within 100 ms after off', () => {
    const { path, last } = powered(createElectricPhone());
    path.output('GATE', false, 120 * ms);
    path.advanceTo(300 * ms);
    expect(last('conducting')?.cycle).toBe(120 * ms);
    const safe = last('jack');
    expect(safe?.on).toBe(false);
    expect((safe?.cycle ?? 0) - 120 * ms).toBeLessThan(20 * ms);
  });

  it('opens the latch within 10 us of closing onto a short, and stays open until it is cleared with GATE low', () => {
    const { path, changes, inputs } = bench(createShort(createElectricPhone(), 0.5));
    path.output('SWITCH2', true, 0);
    path.output('GATE', true, 10 * ms);
    path.output('PUMP', true, 10 * ms);
    path.advanceTo(11 * ms);
    const [closed, opened] = changes.filter((change) => change.event === 'conducting');
    expect(closed?.cycle).toBe(10 * ms);
    expect((opened?.cycle ?? 0) - (closed?.cycle ?? 0)).toBeLessThanOrEqual(160);
    expect(inputs.at(-1)).toMatchObject({ name: 'SHORT_N', high: false });
    path.output('LATCH_CLEAR', true, 12 * ms);
    expect(path.inputs.SHORT_N).toBe(false);
    path.output('GATE', false, 13 * ms);
    expect(path.inputs.SHORT_N).toBe(true);
  });

  it('never takes the inrush of a phone for a short', () => {
    const { changes } = powered(createElectricPhone());
    expect(changes.filter((change) => change.event === 'short-latch')).toEqual([]);
  });

  it('turns off by the e-stop alone, whatever the pins say', () => {
    const { path } = powered(emptyJack);
    path.setEstop(false);
    expect(path.state.conducting).toBe(false);
    expect(path.inputs.ESTOP_OK).toBe(false);
    path.output('PUMP', false, 121 * ms);
    path.advanceTo(130 * ms);
    expect(path.state.switch2).toBe(false);
  });

  it('keeps a welded FET closed after off, so that only the second switch turns the jack off', () => {
    const { path } = powered(emptyJack, { fetWelds: true });
    path.output('GATE', false, 120 * ms);
    path.advanceTo(700 * ms);
    expect(path.state.conducting).toBe(true);
    path.output('SWITCH2', false, 700 * ms);
    path.advanceTo(800 * ms);
    expect(path.state.conducting).toBe(false);
    expect(path.state.jackVolts).toBeLessThan(2.8);
  });

  it('reads current and volts in the scales of the pin map, a count of noise either way', () => {
    const { path } = powered(createShort(emptyJack, 240));
    // 48 V over 240 ohm, and the bleeder: 201 mA.
    expect(Math.abs(path.currentCounts() - 411)).toBeLessThanOrEqual(2);
    expect(Math.abs(path.jackCounts() - 767)).toBeLessThanOrEqual(2);
  });
});

const volts = (counts: number) => (counts / 1023) * 2.5;

describe('what the board reads of its two switches', () => {
  const readback = (path: PowerPath) => Math.round(volts(path.readbackCounts()) * 20) / 20;

  it('is a level of its own for each of the four states', () => {
    const { path } = bench(emptyJack);
    expect(readback(path)).toBe(1.25);
    path.output('GATE', true, 1 * ms);
    pumpUntil(path, 1, 11);
    expect(readback(path)).toBe(1.85);
    path.output('SWITCH2', true, 11 * ms);
    pumpUntil(path, 11, 21);
    expect(readback(path)).toBe(0.6);
    path.output('GATE', false, 21 * ms);
    path.advanceTo(22 * ms);
    expect(readback(path)).toBe(0);
  });

  it('shows the gate fall when PUMP stops with GATE high, and the second switch as long as its contact takes', () => {
    const { path } = bench(emptyJack);
    path.output('GATE', true, 0);
    path.output('PUMP', true, 0);
    path.output('SWITCH2', true, 0);
    path.advanceTo(4 * ms);
    expect(readback(path)).toBe(1.85);
    path.advanceTo(22 * ms);
    expect(readback(path)).toBe(0.6);
    path.advanceTo(23 * ms);
    expect(readback(path)).toBe(0);
  });
});

describe('the e-stop and the barrier', () => {
  it.each<[string, (path: PowerPath) => void]>([
    ['the e-stop opens', (path) => path.setEstop(false)],
    ['the Pi’s side loses its supply', (path) => path.setBarrier(false)],
  ])('when %s, both switches open whatever the pins say, and the sources are dead', (_, strike) => {
    const { path, last } = powered(emptyJack);
    strike(path);
    expect(path.state.conducting).toBe(false);
    expect(path.inputs.ESTOP_OK).toBe(false);
    pumpUntil(path, 120, 140);
    expect(path.state).toMatchObject({ conducting: false, switch2: false });
    expect(last('conducting')?.cycle).toBe(120 * ms);
    expect(volts(path.readbackCounts())).toBeCloseTo(1.25, 1);
    expect(volts(path.afSenseCounts())).toBeCloseTo(0, 1);
  });
});

describe('the 802.3af detection of the board', () => {
  /** Both points and what the slope between them says, as the firmware reckons it, the divider's own load taken off. */
  const probe = (device: PluggedDevice) => {
    const { path } = bench(device);
    path.output('AF_CONNECT', true, 0);
    path.advanceTo(30 * ms);
    const point = () => ({ source: volts(path.afSenseCounts()) * 4, jack: volts(path.readbackCounts()) * 4 });
    const low = point();
    path.output('AF_HIGH', true, 30 * ms);
    path.advanceTo(60 * ms);
    const high = point();
    path.advanceTo(90 * ms);
    const again = point();
    const slope = 3900 * ((high.jack - low.jack) / (high.source - high.jack - (low.source - low.jack)));
    return { path, low, high, again, ohms: 1 / (1 / slope - 1 / 400_000) };
  };
  const af = (changes: Partial<Extract<PhoneInput, { kind: '802.3af' }>> = {}) =>
    createElectricPhone({ ...(afInput as Extract<PhoneInput, { kind: '802.3af' }>), ...changes });

  it('offers 4.4 and 9.4 V, which an empty jack leaves as they are but for the divider', () => {
    const { low, high } = probe(emptyJack);
    expect(low.source).toBeCloseTo(4.4, 1);
    expect(high.source).toBeCloseTo(9.4, 1);
    expect(high.jack).toBeGreaterThan(9.2);
  });

  it.each([15_000, 24_900, 33_000])('sees a signature of %d ohm behind a bridge', (signatureOhms) => {
    expect(Math.abs(probe(af({ signatureOhms })).ohms / signatureOhms - 1)).toBeLessThan(0.05);
  });

  it('sees a prestandard phone as a load that still moves', () => {
    const { high, again } = probe(createElectricPhone());
    expect(high.jack).toBeLessThan(6);
    expect(again.jack - high.jack).toBeGreaterThan(0.2);
  });

  it('reads the class by its current', () => {
    const { path } = probe(af({ powerClass: 3 }));
    path.output('AF_CLASS', true, 100 * ms);
    path.advanceTo(120 * ms);
    // 28 mA over 10 ohm, 5.02 times.
    expect(volts(path.afSenseCounts())).toBeCloseTo(1.406, 1);
    path.output('AF_CLASS', false, 130 * ms);
    path.output('AF_CONNECT', false, 130 * ms);
    path.advanceTo(150 * ms);
    expect(path.state).toMatchObject({ afRelay: false, conducting: false });
    expect(path.state.jackVolts).toBeLessThan(2.8);
  });

  it('takes the jack off the power path while it is joined', () => {
    const { path } = powered(createShort(emptyJack, 1000));
    path.output('AF_CONNECT', true, 121 * ms);
    pumpUntil(path, 122, 142);
    expect(path.state.milliamps).toBeLessThan(2);
  });

  it('powers an 802.3af phone, whose input charges gently', () => {
    const { path } = powered(af());
    expect(path.state.jackVolts).toBeGreaterThan(47);
    // 2 W at 48 V and the bleeder.
    expect(path.state.milliamps).toBeCloseTo(42.7, 0);
  });

  it('tells when the polarity relay moves', () => {
    const { path, last } = bench(emptyJack);
    path.output('POL_REVERSE', true, 10 * ms);
    path.advanceTo(20 * ms);
    expect(last('polarity')).toEqual({ event: 'polarity', on: true, cycle: 14 * ms });
  });
});
