import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../helpers/linkpulse.js';
import { type DeckResult, figure, readDesign, reading, runScenarios, skipDecks } from '../helpers/ngspice.js';

const LONG_MS = 120_000;
/** Of one reading at the jack, sixteen samples averaged: half a step of linearity and a quarter of resolution, 10 V in 1024. */
const READING_ERROR_VOLTS = 0.75 * (10 / 1024);
/** One divider against the other: four resistors of 0.1 %, worst sign, weighed by the top's share. */
const DIVIDER_MISMATCH = 0.003;
const SENSE_TOLERANCE = 0.001;
/** What the firmware takes off for the divider at the jack's end. */
const DIVIDER_OHMS = 400e3;

describe.skipIf(skipDecks)('Two-point detection behind a bridge', () => {
  let results: Map<string, DeckResult>;
  let sense: number;
  let rejectLow: number;
  let rejectHigh: number;

  beforeAll(async () => {
    const { values } = await readDesign();
    const value = (name: string): number => values[name]?.value ?? Number.NaN;
    sense = value('R_detect');
    rejectLow = value('R_detect_reject_low');
    rejectHigh = value('R_detect_reject_high');
    results = await runScenarios('signature');
    for (const [name, result] of results) {
      const [least, most] = slopeRange(result);
      console.log(`signature, ${name}: ${(least / 1e3).toFixed(1)}..${(most / 1e3).toFixed(1)} kohm read`);
    }
  }, LONG_MS);

  /** The slope the firmware may read, in ohms, over every sign of every error. */
  const slopeRange = (result: DeckResult): [least: number, most: number] => {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let signs = 0; signs < 64; signs += 1) {
      const sign = (bit: number) => ((signs >> bit) & 1) * 2 - 1;
      const source = (point: 'low' | 'high', bit: number) =>
        reading(result, `src_${point}`) * (1 + sign(4) * DIVIDER_MISMATCH) + sign(bit) * READING_ERROR_VOLTS;
      const jack = (point: 'low' | 'high', bit: number) =>
        reading(result, `jack_${point}`) + sign(bit) * READING_ERROR_VOLTS;
      const ohms = sense * (1 + sign(5) * SENSE_TOLERANCE);
      const deltaJack = jack('high', 0) - jack('low', 1);
      const deltaSource = source('high', 2) - source('low', 3);
      const together = (ohms * deltaJack) / (deltaSource - deltaJack);
      const slope = 1 / (1 / together - 1 / DIVIDER_OHMS);
      least = Math.min(least, slope);
      most = Math.max(most, slope);
    }
    return [least, most];
  };

  const of = (kilohms: number) => [...results.values()].filter(({ name }) => name.split(' ')[0] === String(kilohms));

  it.each([19, 25, 26.5])('accepts %s kohm with any bridge and every error at its worst', (kilohms) => {
    expect(of(kilohms)).toHaveLength(3);
    for (const result of of(kilohms)) {
      const [least, most] = slopeRange(result);
      expect(least, result.name).toBeGreaterThan(rejectLow);
      expect(most, result.name).toBeLessThan(rejectHigh);
    }
  });

  it('is what the firmware reckons with: sense resistor, divider, acceptance, and how it tells the read-back', async () => {
    const { values } = await readDesign();
    const config = readFileSync(`${root}/hardware/firmware/config.h`, 'utf8');
    const constant = (name: string) => Number(new RegExp(`#define ${name} (\\d+)`).exec(config)?.[1]);
    const value = (name: string) => values[name]?.value ?? Number.NaN;
    expect(constant('DETECT_OHMS')).toBe(value('R_detect'));
    expect(constant('DETECT_DIVIDER_OHMS')).toBe(DIVIDER_OHMS);
    expect(value('R_detect_div_top') + value('R_detect_div')).toBe(DIVIDER_OHMS);
    expect((value('R_detect_div_top') + value('R_detect_div')) / value('R_detect_div')).toBe(4);
    expect(constant('SIGNATURE_OHMS_MIN')).toBe(rejectLow);
    expect(constant('SIGNATURE_OHMS_MAX')).toBe(rejectHigh);
    // The boundaries that the deck `readback` proves, in steps of the ADC.
    const steps = (volts: number) => (volts / value('V_ref')) * 1023;
    expect(constant('READBACK_GATE_HIGH')).toBeCloseTo(steps(0.3), -0.5);
    expect(constant('READBACK_OPEN')).toBeCloseTo(steps(0.9), -0.5);
    expect(constant('READBACK_OPEN_GATE_HIGH')).toBeCloseTo(steps(1.55), -0.5);
  });

  it('rejects 15 kohm and less', () => {
    expect(of(15)).toHaveLength(3);
    for (const result of of(15)) expect(slopeRange(result)[1], result.name).toBeLessThan(rejectLow);
  });

  it('rejects 33 kohm and more', () => {
    expect(of(33)).toHaveLength(3);
    for (const result of of(33)) expect(slopeRange(result)[0], result.name).toBeGreaterThan(rejectHigh);
  });

  it('probes between 2.8 and 10 V, two points more than 1 V apart, never above 5 mA', async () => {
    const { values } = await readDesign();
    for (const result of results.values()) {
      expect(figure(result, 'jack_low'), result.name).toBeGreaterThan(2.8);
      expect(figure(result, 'jack_high'), result.name).toBeLessThan(10);
      expect(figure(result, 'jack_high') - figure(result, 'jack_low'), result.name).toBeGreaterThan(1);
      expect(figure(result, 'i_max_ma'), result.name).toBeLessThan(5);
    }
    const open = (values.V_detect_high?.value ?? Number.NaN) * 1.01;
    expect(open).toBeLessThan(10);
    expect(open / sense).toBeLessThan(5e-3);
  });
});
