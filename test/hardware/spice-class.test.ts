import { beforeAll, describe, expect, it } from 'vitest';
import { type DeckResult, figure, named, readDesign, runScenarios, skipDecks } from '../helpers/ngspice.js';

const LONG_MS = 120_000;
/** 802.3 table 33-6 as the firmware reads it: lowest and highest current of each class at the device, and the bounds read against. */
const CLASSES = [
  { milliamps: [0, 4], below: 5 },
  { milliamps: [9, 12], above: 8, below: 13 },
  { milliamps: [17, 20], above: 16, below: 21 },
  { milliamps: [26, 30], above: 25, below: 31 },
  { milliamps: [36, 44], above: 35, below: 45 },
];
/** BSP296N: 25 K/W from the junction to its tab's solder at rest; a pulse of 75 ms heats less, so that this bounds it. */
const JUNCTION_KELVIN_A_WATT = 25;
const JUNCTION_MAX_C = 150;
const HOTTEST_C = 50;

describe.skipIf(skipDecks)('The class source', () => {
  let results: Map<string, DeckResult>;
  beforeAll(async () => {
    results = await runScenarios('class');
    for (const [name, result] of results)
      console.log(
        `class, ${name}: ${figure(result, 'jack_on').toFixed(2)} V, ${(figure(result, 'i_on') * 1e3).toFixed(2)} mA, ` +
          `FET ${figure(result, 'p_fet').toFixed(2)} W, ${(figure(result, 'energy') * 1e3).toFixed(0)} mJ`,
      );
  }, LONG_MS);
  const of = (start: string) => [...results.values()].filter(({ name }) => name.startsWith(start));

  it('stays within 15.5 and 20.5 V from nothing to 51 mA, at 44 and 57 V, 0 and 50 C and every tolerance', () => {
    const cases = [...of('open'), ...of('45 mA'), ...of('51 mA'), ...of('0 mA'), ...of('44 mA')];
    expect(cases).toHaveLength(12);
    for (const result of cases) {
      expect(figure(result, 'jack_on'), result.name).toBeGreaterThan(15.5);
      expect(figure(result, 'jack_max'), result.name).toBeLessThan(20.5);
    }
  });

  it('limits a short to less than 100 mA, and never below the 51 mA that a class 4 device may draw', () => {
    expect(of('short')).toHaveLength(4);
    for (const result of of('short')) {
      expect(figure(result, 'i_max'), result.name).toBeLessThan(0.1);
      expect(figure(result, 'i_on'), result.name).toBeGreaterThan(0.055);
    }
  });

  it('heats its FET no further than its junction bears, 75 ms into a short at 57 V, by the resistance at rest', () => {
    for (const result of results.values()) {
      expect(figure(result, 'energy'), result.name).toBeLessThan(0.25);
      expect(HOTTEST_C + figure(result, 'p_fet') * JUNCTION_KELVIN_A_WATT, result.name).toBeLessThan(JUNCTION_MAX_C);
      // R_class_drop: 1 W, 75 ms; a thick film of its size bears twenty times that for so long.
      expect(figure(result, 'energy_drop'), result.name).toBeLessThan(0.25);
    }
  });

  it('is off while AF_CLASS is low: the jack has the detection source alone', () => {
    const off = named(results, 'AF_CLASS low, 57 V');
    expect(figure(off, 'jack_on')).toBeLessThan(4.4 * 1.01);
    expect(Math.abs(figure(off, 'i_on'))).toBeLessThan(1e-4);
    for (const result of results.values()) expect(figure(result, 'jack_off'), result.name).toBeLessThan(4.4 * 1.01);
  });

  it('has settled after 10 ms', () => {
    for (const result of results.values())
      expect(Math.abs(figure(result, 'i_settled') - figure(result, 'i_on')), result.name).toBeLessThan(0.1e-3);
  });

  it('has its classes read right by 10 ohm times 5.02, with every error at its worst', async () => {
    const { values, sense } = await readDesign();
    const tolerance = (name: string) => values[name]?.tolerance ?? Number.NaN;
    const value = (name: string) => values[name]?.value ?? Number.NaN;
    const gain = 1 + value('R_class_gain_top') / value('R_class_gain');
    expect(gain).toBeCloseTo(5.02, 6);
    const kelvin = sense.temperatureC.highest - 25;
    const gainError =
      tolerance('R_class_sense') +
      tolerance('R_class_gain') +
      tolerance('R_class_gain_top') +
      tolerance('V_ref') +
      (3 * sense.resistorDriftPerKelvin + sense.referenceDriftPerKelvin) * kelvin;
    const milliampsAStep = (value('V_ref') / sense.adcSteps / gain / value('R_class_sense')) * 1e3;
    const offset =
      milliampsAStep * (sense.adcAbsoluteSteps + sense.adcQuantisationSteps) +
      (sense.amplifierOffsetVolts / value('R_class_sense')) * 1e3;
    expect(milliampsAStep * sense.adcSteps).toBeCloseTo(49.8, 1);
    for (const { milliamps, above, below } of CLASSES)
      for (const drawn of milliamps) {
        const read = figure(named(results, `${drawn} mA`), 'i_on') * 1e3;
        const error = read * gainError + offset;
        if (above !== undefined) expect(read - error, `${drawn} mA`).toBeGreaterThan(above);
        expect(read + error, `${drawn} mA`).toBeLessThan(below);
      }
    console.log(`class current: +- ${(gainError * 100).toFixed(2)} % +- ${offset.toFixed(2)} mA`);
  });
});
