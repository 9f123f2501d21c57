import { beforeAll, describe, expect, it } from 'vitest';
import { type DeckResult, figure, named, reading, runScenarios, skipDecks } from '../helpers/ngspice.js';

const LONG_MS = 120_000;
/** 2.0 V at 25 C, 6 mV less per kelvin, at 50 C. */
const LOWEST_FET_THRESHOLD_VOLTS = 1.85;
const PUMP_STARTS = 5e-3;
const LAST_EDGE = 45e-3;
const GUARD_PASS_SECONDS = 160e-6;

describe.skipIf(skipDecks)('With every pin of the MCU high impedance', () => {
  let results: Map<string, DeckResult>;

  beforeAll(async () => {
    results = await runScenarios('pins');
    for (const result of results.values()) {
      console.log(
        `pins, ${result.name}: gate at most ${reading(result, 'gate_max').toFixed(2)} V, ` +
          `pin ${(reading(result, 'pin_max') * 1e3).toFixed(0)} mV, pump ${(reading(result, 'hold_max') * 1e3).toFixed(1)} mV`,
      );
    }
  }, LONG_MS);

  it('the gate stays below half of the lowest threshold, whatever order and slope the supplies come in', () => {
    for (const [name, result] of results) {
      expect(figure(result, 'gate_max'), name).toBeLessThan(LOWEST_FET_THRESHOLD_VOLTS / 2);
      expect(figure(result, 'gate_end'), name).toBeLessThan(0.1);
    }
  });

  it('no current flows and the jack carries nothing', () => {
    for (const [name, result] of results) {
      expect(figure(result, 'i_end'), name).toBeLessThan(1e-3);
      expect(Math.abs(figure(result, 'jack_end')), name).toBeLessThan(0.1);
    }
  });

  it('leakage of a floating pin turns on neither enable (0.75 V at the least)', () => {
    for (const [name, result] of results) {
      expect(figure(result, 'pin_max'), name).toBeLessThan(0.4);
      expect(figure(result, 'hold_max'), name).toBeLessThan(0.4);
    }
  });
});

describe.skipIf(skipDecks)('The charge pump as a monostable', () => {
  let results: Map<string, DeckResult>;

  beforeAll(async () => {
    results = await runScenarios('pump');
    for (const result of results.values()) {
      console.log(
        `pump, ${result.name}: enabled after ${((reading(result, 't_enabled') - PUMP_STARTS) * 1e3).toFixed(1)} ms, ` +
          `off ${((reading(result, 't_off') - LAST_EDGE) * 1e3).toFixed(1)} ms after the last edge`,
      );
    }
  }, LONG_MS);

  it('lets go within 30 ms of the last edge in every corner, PUMP low or stuck high', () => {
    for (const [name, result] of results) {
      expect(figure(result, 't_off') - LAST_EDGE, name).toBeLessThan(30e-3);
      expect(figure(result, 'hold_end'), name).toBeLessThan(0.4);
    }
  });

  it('outlasts twenty passes of the guard loop in its shortest corner', () => {
    const shortest = named(results, 'shortest, 0 C');
    expect(figure(shortest, 't_released') - LAST_EDGE).toBeGreaterThan(20 * GUARD_PASS_SECONDS);
  });

  it('enables within 5 ms of the first edge', () => {
    for (const [name, result] of results) expect(figure(result, 't_enabled') - PUMP_STARTS, name).toBeLessThan(5e-3);
  });

  it('holds the switch enabled without a gap while it is toggled', () => {
    for (const [name, result] of results) expect(figure(result, 'noff_on'), name).toBeLessThan(0.4);
  });
});
