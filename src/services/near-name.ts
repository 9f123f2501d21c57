/** How many letters may differ for a name to count as perhaps meant. */
const maxDistance = 2;
/** Longer names are not compared: the work grows with the square, and the loop that conducts the run waits. */
const maxLength = 64;

/** Levenshtein distance, two rows at a time. */
const distance = (left: string, right: string): number => {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
};

const stem = (name: string): string => name.split('.', 1)[0] ?? name;

/**
 * The name among `known` that was perhaps meant by `asked`: two letters away at most, or the same up to the first dot
 * (`SEP0012DADBD34E.cnf` for `SEP0012DADBD34E.cnf.xml`). Case does not count. null: none.
 */
export const nearestName = (asked: string, known: readonly string[]): string | null => {
  const wanted = asked.toLowerCase().split(/[\\/]/).at(-1) ?? '';
  if (wanted.length > maxLength) return null;
  let best: { readonly name: string; readonly score: number } | undefined;
  for (const name of known) {
    const candidate = name.toLowerCase();
    const farApart = Math.abs(candidate.length - wanted.length) > maxDistance;
    const letters = farApart ? Number.POSITIVE_INFINITY : distance(wanted, candidate);
    const score = letters <= maxDistance ? letters : stem(candidate) === stem(wanted) ? maxDistance + 1 : Infinity;
    if (score < (best?.score ?? Infinity)) best = { name, score };
  }
  return best?.name ?? null;
};
