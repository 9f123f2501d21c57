import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPace, pacingLimits } from '../../src/sim/pacing.js';

describe('pacing', () => {
  it('keeps step with the wall clock while slices come in time', () => {
    const pace = createPace();
    for (let slice = 0; slice < 1000; slice++) pace.next(2000);
    expect(pace.simulatedUs).toBe(2_000_000);
    expect(pace.slipUs).toBe(0);
  });

  it('drops the time of a stall instead of running after it', () => {
    const pace = createPace();
    pace.next(2000);
    expect(pace.next(300_000)).toBeLessThanOrEqual(pacingLimits.stallUs);
    expect(pace.slipUs).toBeGreaterThanOrEqual(300_000 - pacingLimits.stallUs);
    expect(pace.worstLagUs).toBeGreaterThanOrEqual(300_000);
    expect(pace.next(2000)).toBe(2000);
  });

  it('never runs faster than 1.1 times real time in any stretch, and accounts for every microsecond', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 200 }), (elapsed) => {
        const pace = createPace();
        for (const wall of elapsed) {
          const ran = pace.next(wall);
          expect(ran).toBeLessThanOrEqual(wall * 1.1 + 1e-6);
          expect(ran).toBeGreaterThanOrEqual(Math.min(wall, pacingLimits.stallUs) - 1e-6);
        }
        const behind = pace.wallUs - pace.simulatedUs - pace.slipUs;
        expect(behind).toBeGreaterThanOrEqual(-1e-3);
        expect(behind).toBeLessThanOrEqual(pacingLimits.debtUs + 1e-3);
      }),
    );
  });
});
