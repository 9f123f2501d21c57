import { describe, expect, it } from 'vitest';
import { distributionOf, histogram } from '../../src/cli/distribution.js';

describe('a distribution', () => {
  it('has nearest ranks', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(distributionOf(values)).toEqual({ count: 100, min: 1, median: 50, p95: 95, max: 100 });
    expect(distributionOf([7])).toEqual({ count: 1, min: 7, median: 7, p95: 7, max: 7 });
    expect(distributionOf([])).toBeUndefined();
  });
});

describe('a histogram', () => {
  const rows = (values: readonly number[]) =>
    histogram(values, 550, 100).map((row) => (row === 'gap' ? row : `${row.label}: ${row.count}`));

  it('keeps what is over the limit apart, and the limit itself within', () => {
    expect(rows([0, 99, 100, 549, 550, 550.1, 9999])).toEqual([
      '0-100 ms: 2',
      '100-200 ms: 1',
      'gap',
      '500-550 ms: 2',
      'over 550 ms: 2',
    ]);
  });

  it('says zero over the limit where there is none', () => {
    expect(rows([])).toEqual(['gap', 'over 550 ms: 0']);
  });

  it('gives a single measurement among many a bar that can be seen', () => {
    const [few, , many] = histogram([1, ...Array.from({ length: 1000 }, () => 250)], 550, 100);
    expect([few, many].map((row) => (row === 'gap' || row === undefined ? 0 : row.bar.length))).toEqual([1, 40]);
  });
});
