/** Edits from one to the other: insert, delete, replace, swap two neighbours (optimal string alignment). */
const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column += 1) {
      const replace = at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = swapped ? at(row - 2, column - 2) + 1 : replace;
      current.push(Math.min(replace, swap, at(row - 1, column) + 1, at(row, column - 1) + 1));
    }
  }
  return at(a.length, b.length);
};

const longestName = 64;

/** The known name a misspelt one was most likely meant to be. */
export const closestName = (name: string, known: readonly string[]): string | undefined => {
  if (name.length > longestName) return undefined;
  const lower = name.toLowerCase();
  const limit = Math.max(1, Math.floor(name.length / 3));
  let best: { readonly name: string; readonly away: number } | undefined;
  for (const candidate of known) {
    const candidateLower = candidate.toLowerCase();
    const isStem = lower.length >= 3 && (candidateLower.startsWith(lower) || lower.startsWith(candidateLower));
    const away = isStem ? 1 : distance(lower, candidateLower);
    if (away <= limit && (best === undefined || away < best.away)) best = { name: candidate, away };
  }
  return best?.name;
};

/** `, did you mean X?`, or nothing. */
export const didYouMean = (name: string, known: readonly string[]): string => {
  const closest = closestName(name, known);
  return closest === undefined ? '' : `, did you mean ${closest}?`;
};
