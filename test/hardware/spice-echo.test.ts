import { beforeAll, describe, expect, it } from 'vitest';
import { type DeckResult, figure, heldLevel, named, readDesign, runScenarios, skipDecks } from '../helpers/ngspice.js';

const LONG_MS = 300_000;
/** A comparator and its stretcher need the level for as long as this. */
const HOLD_SECONDS = 60e-9;
/** TLV3502: 6.5 mV of offset at most, and half of its 6 mV of hysteresis. */
const COMPARATOR_OFFSET_VOLTS = 0.0095;
/** Two echoes of a threshold's height are promised; the drawing keeps a quarter more in hand. */
const IN_HAND = 1.25;
/** The firmware forgets edges up to 104 cycles of 62.5 ns after a pulse's rise; a pulse heard is stretched to 0.5 us. */
const OWN_EDGES_END_SECONDS = 102 * 62.5e-9 - 0.5e-6;
/** While it listens to a partner, a pulse's own second edge is forgotten for 24 cycles. */
const LISTENING_GAP_SECONDS = 24 * 62.5e-9 - 0.4e-6;
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
    // Three resistors from V_ref to VEE: V_ref itself, the middle, the lower threshold.
    const threshold = (sign: number) =>
      (of('V_ref', sign) * of('R_threshold', sign)) / (2 * of('R_threshold', sign) + of('R_threshold_top', -sign)) +
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
  ])('is at least twice the highest threshold at every width, and a quarter more: %s', (scenario) => {
    for (const { widthNs, startSeconds } of pulses) {
      expect(echo(scenario, startSeconds), `${widthNs} ns`).toBeGreaterThanOrEqual(2 * highestThreshold * IN_HAND);
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
      expect(greatest * IN_HAND).toBeLessThanOrEqual(lowestThreshold / 2);
    },
  );

  it.each(['350u', '700u', '2m'])('its swing back is over before the firmware looks for foreign edges: %sH', (LM) => {
    const { traces } = named(results, `swing back, 0 m, strong, ${LM}H`);
    const [times = [], , comparator = []] = traces;
    const lastAbove = pulses.map(({ startSeconds }) => {
      const last = times.findLastIndex(
        (time, at) =>
          time > startSeconds && time < startSeconds + 14e-6 && Math.abs(comparator[at] ?? 0) > lowestThreshold,
      );
      return (times[last] ?? Number.NaN) - startSeconds;
    });
    console.log(
      `swing back, ${LM}H: ${lastAbove.map((seconds) => (seconds * 1e6).toFixed(2)).join(', ')} us after the rise`,
    );
    for (const seconds of lastAbove) expect(seconds).toBeLessThan(OWN_EDGES_END_SECONDS);
    // A partner's pulses are 100 ns wide.
    expect(lastAbove[0]).toBeLessThan(LISTENING_GAP_SECONDS);
  });

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

  it('comes, from the loopback on the board, at twice the highest threshold at every width; not selected, it stays within half of the lowest', async () => {
    const loopback = await runScenarios('loopback');
    for (const [name, { traces }] of loopback) {
      const [times = [], , comparator = []] = traces;
      const greatest = comparator.reduce((most, level) => Math.max(most, Math.abs(level)), 0);
      const least = comparator.reduce((low, level) => Math.min(low, level), 0);
      const levels = pulses.map(({ startSeconds }) =>
        heldLevel(times, comparator, startSeconds, startSeconds + 5e-6, HOLD_SECONDS),
      );
      console.log(
        `loopback, ${name}: held ${levels.map((level) => (level * 1e3).toFixed(0)).join(', ')} mV, lowest ${(least * 1e3).toFixed(0)} mV`,
      );
      if (name.startsWith('not selected')) {
        expect(greatest, name).toBeLessThanOrEqual(lowestThreshold / 2);
        continue;
      }
      for (const level of levels) expect(level, name).toBeGreaterThanOrEqual(2 * highestThreshold * IN_HAND);
      // One pulse is one edge: what swings back is never heard.
      expect(least, name).toBeGreaterThan(-lowestThreshold / 2);
    }
    expect(loopback.size).toBe(4);
  });

  it('has died away long before the next pulse position, 62.5 us later', () => {
    for (const [name, result] of results)
      expect(Math.abs(figure(result, 'rest1000')), name).toBeLessThan(lowestThreshold / 2);
  });
});
