import { beforeAll, describe, expect, it } from 'vitest';
import { type DeckResult, figure, heldLevel, named, readDesign, runScenarios, skipDecks } from '../helpers/ngspice.js';

const LONG_MS = 300_000;
/** A comparator and its stretcher need the level for as long as this. */
const HOLD_SECONDS = 60e-9;
/** Offset of the comparator against either threshold. */
const COMPARATOR_OFFSET_VOLTS = 0.005;
const pulses = [
  { widthNs: 125, startSeconds: 1e-6 },
  { widthNs: 250, startSeconds: 16e-6 },
  { widthNs: 500, startSeconds: 31e-6 },
  { widthNs: 1000, startSeconds: 46e-6 },
];

/** TIA-568 cable, Category 5e, dB per 100 m at 20 C. */
const categoryDecibels = (megahertz: number): number =>
  1.967 * Math.sqrt(megahertz) + 0.023 * megahertz + 0.05 / Math.sqrt(megahertz);

describe.skipIf(skipDecks)('The cable model', () => {
  it('loses what the category allows: within 5 % at 1 to 10 MHz, and not less at 16 MHz', {
    timeout: LONG_MS,
  }, async () => {
    const cold = named(await runScenarios('cable'), '20 C');
    for (const megahertz of [1, 4, 8, 10]) {
      const ratio = -figure(cold, `db${megahertz}`) / categoryDecibels(megahertz);
      expect(ratio, `${megahertz} MHz`).toBeGreaterThan(0.95);
      expect(ratio, `${megahertz} MHz`).toBeLessThan(1.05);
    }
    expect(-figure(cold, 'db16')).toBeGreaterThanOrEqual(categoryDecibels(16));
    expect(categoryDecibels(10)).toBeCloseTo(6.47, 2);
    console.log(`cable: ${(-figure(cold, 'db10')).toFixed(2)} dB at 10 MHz and 100 m (category 6.47 dB)`);
  });
});

describe.skipIf(skipDecks)('The echo of a link pulse', () => {
  let results: Map<string, DeckResult>;
  let highestThreshold: number;
  let lowestThreshold: number;

  const echo = (scenario: string, startSeconds: number): number => {
    const [times = [], , comparator = []] = named(results, scenario).traces;
    return heldLevel(times, comparator, startSeconds, startSeconds + 5e-6, HOLD_SECONDS);
  };

  beforeAll(async () => {
    const { values } = await readDesign();
    const of = (name: string, sign: number): number => {
      const part = values[name];
      if (part === undefined) throw new Error(`values.json has no ${name}`);
      return part.value * (1 + sign * part.tolerance);
    };
    const threshold = (sign: number) =>
      (of('V_ref', sign) * of('R_threshold', sign)) / (of('R_threshold', sign) + of('R_threshold_top', -sign)) +
      sign * COMPARATOR_OFFSET_VOLTS;
    highestThreshold = threshold(1);
    lowestThreshold = threshold(-1);
    results = await runScenarios('echo');
    console.log(`threshold ${(lowestThreshold * 1e3).toFixed(0)}..${(highestThreshold * 1e3).toFixed(0)} mV`);
    for (const name of results.keys()) {
      const levels = pulses.map(
        ({ widthNs, startSeconds }) => `${widthNs} ns ${(echo(name, startSeconds) * 1e3).toFixed(0)}`,
      );
      console.log(`echo, ${name}: ${levels.join(', ')} mV`);
    }
  }, LONG_MS);

  it.each([
    'relay, 0 m',
    'relay, 1 m',
    'relay, 100 m',
    'relay, 200 m',
    'relay, 200 m, weak',
    'relay beside its PHY, 200 m, weak',
  ])('is at least twice the highest threshold at every width: %s', (scenario) => {
    for (const { widthNs, startSeconds } of pulses) {
      expect(echo(scenario, startSeconds), `${widthNs} ns`).toBeGreaterThanOrEqual(2 * highestThreshold);
    }
  });

  it.each(['filter, 1 m', 'filter, 200 m, weak'])(
    'of a filter phone (second order, 500 kHz, an assumption) is at least twice the highest threshold at 1 us: %s',
    (scenario) => {
      expect(echo(scenario, 46e-6)).toBeGreaterThanOrEqual(2 * highestThreshold);
      // A narrow pulse is what tells a filter from a wire: it comes back far weaker.
      expect(echo(scenario, 1e-6)).toBeLessThan(echo(scenario, 46e-6) / 2);
    },
  );

  it.each(['no phone, 1 m, strong', 'no phone, 100 m, strong'])(
    'without a phone, crosstalk stays within half the lowest threshold: %s',
    (scenario) => {
      const [times = [], , comparator = []] = named(results, scenario).traces;
      const greatest = comparator.reduce((most, level) => Math.max(most, Math.abs(level)), 0);
      console.log(`crosstalk, ${scenario}: ${(greatest * 1e3).toFixed(0)} mV`);
      expect(times.length).toBeGreaterThan(100);
      expect(greatest).toBeLessThanOrEqual(lowestThreshold / 2);
    },
  );

  it('comes back later by 5 ns a metre of path', () => {
    const delay = (name: string) => figure(named(results, name), 't_heard') - figure(named(results, name), 't_sent');
    const nanosecondsAMetre = ((delay('relay, 200 m') - delay('relay, 0 m')) / 200) * 1e9;
    expect(nanosecondsAMetre).toBeGreaterThan(4.7);
    expect(nanosecondsAMetre).toBeLessThan(5.7);
  });

  it('puts no more on the line than the link pulse template allows (3.1 V), at least 585 mV', () => {
    for (const name of ['relay, 0 m', 'relay, 200 m']) {
      expect(figure(named(results, name), 'tx_peak')).toBeLessThan(3.1);
      expect(figure(named(results, name), 'tx_peak')).toBeGreaterThan(0.585);
    }
  });

  it('has died away long before the next pulse position, 62.5 us later', () => {
    for (const [name, result] of results)
      expect(Math.abs(figure(result, 'rest1000')), name).toBeLessThan(lowestThreshold / 2);
  });
});
