/** Levenshtein distance, given up above `limit`. */
const distance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? limit + 1;
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
    const away = isStem ? 1 : distance(lower, candidateLower, limit);
    if (away <= limit && (best === undefined || away < best.away)) best = { name: candidate, away };
  }
  return best?.name;
};

/** `, did you mean X?`, or nothing. */
export const didYouMean = (name: string, known: readonly string[]): string => {
  const closest = closestName(name, known);
  return closest === undefined ? '' : `, did you mean ${closest}?`;
};
