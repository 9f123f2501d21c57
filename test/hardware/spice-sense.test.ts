import { describe, expect, it } from 'vitest';
import { root } from '../helpers/linkpulse.js';
import { readDesign, type SenseErrors } from '../helpers/ngspice.js';

interface Budget {
  currentBudget(
    design: Awaited<ReturnType<typeof readDesign>>,
    milliamps: number,
    options: { calibrated: boolean },
  ): Record<string, number>;
  total(budget: Record<string, number>): number;
}
const { currentBudget, total } = (await import(`${root}/schematics/spice/budget.mjs`)) as Budget;

describe('The error of a current reading at 0..50 C, everything at its worst', () => {
  const limits = [
    { milliamps: 7.5, within: 1.5 },
    { milliamps: 375, within: 15 },
  ];

  it.each(limits)('$milliamps mA is read within $within mA once calibrated', async ({ milliamps, within }) => {
    const budget = currentBudget(await readDesign(), milliamps, { calibrated: true });
    const rows = Object.entries(budget).map(([name, error]) => `${name} ${error.toFixed(2)}`);
    console.log(`${milliamps} mA: +- ${total(budget).toFixed(2)} mA: ${rows.join(', ')}`);
    expect(total(budget)).toBeLessThan(within);
    expect(Object.keys(budget)).toHaveLength(8);
  });

  it('375 mA is even without a calibration, 7.5 mA is not: a board without a valid one must not arm', async () => {
    const design = await readDesign();
    expect(total(currentBudget(design, 375, { calibrated: false }))).toBeLessThan(15);
    expect(total(currentBudget(design, 7.5, { calibrated: false }))).toBeGreaterThan(1.5);
  });

  it('can fail: twice the ADC or a reference of 150 ppm/K and 2 % of calibrator is too much', async () => {
    const design = await readDesign();
    const spoilt = (sense: Partial<SenseErrors>, milliamps: number) =>
      total(currentBudget({ ...design, sense: { ...design.sense, ...sense } }, milliamps, { calibrated: true }));
    expect(spoilt({ adcLinearitySteps: 2 }, 7.5)).toBeGreaterThan(1.5);
    expect(spoilt({ referenceDriftPerKelvin: 800e-6, calibratorGain: 0.02 }, 375)).toBeGreaterThan(15);
  });

  it('has the reference of 0.5 % or better', async () => {
    const { values } = await readDesign();
    expect(values.V_ref?.tolerance).toBeLessThanOrEqual(0.005);
  });
});
