/** Figures of many measurements against one limit, as text. */
export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** undefined: nothing was measured. */
export const distributionOf = (values: readonly number[]): Distribution | undefined => {
  const sorted = [...values].sort((one, other) => one - other);
  /** Nearest rank. */
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  if (sorted.length === 0) return undefined;
  return { count: sorted.length, min: rank(0), median: rank(0.5), p95: rank(0.95), max: rank(1) };
};

const longestBar = 40;

export interface HistogramRow {
  readonly label: string;
  readonly count: number;
  readonly bar: string;
  readonly isOver: boolean;
}

/** Bins of `binMs` up to the limit, then one for all beyond, which is always there; a gap stands for empty bins. */
export const histogram = (
  values: readonly number[],
  limitMs: number,
  binMs: number,
): readonly (HistogramRow | 'gap')[] => {
  const bins = Math.ceil(limitMs / binMs);
  const counts = Array.from({ length: bins + 1 }, () => 0);
  for (const value of values) {
    const bin = value > limitMs ? bins : Math.min(bins - 1, Math.floor(value / binMs));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const highest = Math.max(1, ...counts);
  const rows: (HistogramRow | 'gap')[] = [];
  for (const [bin, count] of counts.entries()) {
    const isOver = bin === bins;
    if (count === 0 && !isOver) {
      if (rows.at(-1) !== 'gap') rows.push('gap');
      continue;
    }
    rows.push({
      label: isOver ? `over ${limitMs} ms` : `${bin * binMs}-${Math.min(limitMs, (bin + 1) * binMs)} ms`,
      count,
      bar: '█'.repeat(count === 0 ? 0 : Math.max(1, Math.round((count / highest) * longestBar))),
      isOver,
    });
  }
  return rows;
};
