import { describe, expect, it } from 'vitest';
import { measurementOf } from '../../src/stages/measure.js';
import { milliamps, milliwatts, powerOf } from '../../src/units.js';
import { samplePlan } from './sample-plan.js';

describe('units', () => {
  it('keep milliamps out of a measurement in milliwatts, at compile time', () => {
    const current = milliamps(130);
    // @ts-expect-error milliamps are no milliwatts; npm run typecheck fails when this line compiles
    const wrong = measurementOf(samplePlan, 'power.steadyMilliwatts', current, 1);
    const right = measurementOf(samplePlan, 'power.steadyMilliwatts', powerOf(current, 48_000), 1);
    expect(right.value).toBe(6240);
    expect(right.unit).toBe('mW');
    expect(wrong.value).not.toBe(right.value);
    expect(measurementOf(samplePlan, 'power.steadyMilliwatts', milliwatts(6240), 1)).toEqual(right);
  });
});
