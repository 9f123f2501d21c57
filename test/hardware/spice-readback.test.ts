import { beforeAll, describe, expect, it } from 'vitest';
import { type DeckResult, figure, named, runScenarios, skipDecks } from '../helpers/ngspice.js';

const LONG_MS = 120_000;
/** How READBACK is told apart while AF_CONNECT is low (docs/board-protocol.md). */
const STATES = [
  { name: 'second switch closed, gate low', from: Number.NEGATIVE_INFINITY, to: 0.3 },
  { name: 'second switch closed, gate high', from: 0.3, to: 0.9 },
  { name: 'second switch open, gate low', from: 0.9, to: 1.55 },
  { name: 'second switch open, gate high', from: 1.55, to: Number.POSITIVE_INFINITY },
];
/** Room that every level keeps to the nearest boundary: 50 steps of the ADC. */
const ROOM_VOLTS = 0.125;
const LOWEST_FET_THRESHOLD_VOLTS = 1.85;

describe.skipIf(skipDecks)('The read-back of both switches', () => {
  let results: Map<string, DeckResult>;
  beforeAll(async () => {
    results = await runScenarios('readback');
  }, LONG_MS);
  const of = (state: string) => [...results.values()].filter(({ name }) => name.startsWith(`${state},`));

  it.each(STATES)('tells $name with room at 0..50 C and every tolerance at its worst', ({ name, from, to }) => {
    const levels = of(name).map((result) => figure(result, 'level'));
    console.log(`read-back, ${name}: ${Math.min(...levels).toFixed(2)}..${Math.max(...levels).toFixed(2)} V`);
    expect(levels).toHaveLength(4);
    for (const level of levels) {
      expect(level).toBeGreaterThan(from + ROOM_VOLTS);
      expect(level).toBeLessThan(to - ROOM_VOLTS);
      expect(level).toBeLessThan(2.5 - ROOM_VOLTS);
    }
  });

  it('wets the rest contact with 5 mA or more', () => {
    for (const result of of('second switch open, gate low'))
      expect(-figure(result, 'contact_ma')).toBeGreaterThan(5e-3);
  });

  it('leaves the gate a volt above what the worst switch needs (4.5 V), even with its transistor shorted', () => {
    const whole = figure(named(results, 'gate on, weakest amplifier'), 'gate');
    expect(whole).toBeGreaterThan(5.5);
    expect(figure(named(results, 'gate on, reader shorted to VEE'), 'gate')).toBeGreaterThan(5.5);
  });

  it('cannot lift the gate: its transistor shorted to the 5 V stays a quarter of the lowest threshold', () => {
    expect(figure(named(results, 'gate off, reader shorted to its drain'), 'gate')).toBeLessThan(
      LOWEST_FET_THRESHOLD_VOLTS / 4,
    );
  });
});

describe.skipIf(skipDecks)('Pins that float', () => {
  it('clear the shift registers within 20 ms, and sending without a pause never does', {
    timeout: LONG_MS,
  }, async () => {
    const results = await runScenarios('alive');
    for (const [name, result] of results) {
      const seconds = figure(result, 't_clear') - 60e-3;
      console.log(`alive, ${name}: cleared after ${(seconds * 1e3).toFixed(1)} ms`);
      expect(seconds, name).toBeGreaterThan(2e-3);
      expect(seconds, name).toBeLessThan(20e-3);
      // The Schmitt trigger's highest rising threshold at 5 V is 3.4 V; the firmware latches nothing in its first half millisecond.
      expect(figure(result, 't_set') - 1e-3, name).toBeLessThan(0.2e-3);
      expect(figure(result, 'level_sending'), name).toBeGreaterThan(3.6);
    }
  });
});
