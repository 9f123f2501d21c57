/** Fast Link Pulses: 802.3 clause 28, the link code word and its burst. */

const dataBits = 16;
const positionCount = 2 * dataBits + 1;

/** Receive windows in microseconds, inside the ranges of 802.3 table 28-9 (data_detect_min 15-47 and _max 78-100, flp_test_max 165-185). */
const windows = { dataDetectMinUs: 30.7, dataDetectMaxUs: 89, flpTestMaxUs: 174 } as const;

/** The 33 pulse positions of a burst as '1'/'0': positions 1,3,..33 clocks, 2,4,..32 data bits D0..D15. 802.3 clause 28. */
export function wordToPositions(word: number): string {
  const slots = Array.from({ length: dataBits }, (_, bit) => `1${(word >>> bit) & 1}`);
  return `${slots.join('')}1`;
}

/** The word when all 17 clocks are there, else undefined. */
export function positionsToWord(positions: string): number | undefined {
  if (positions.length !== positionCount || !/^(?:1[01])*1$/.test(positions)) return undefined;
  const bits = [...positions].filter((_, index) => index % 2 === 1);
  return bits.reduce((word, bit, index) => word | (Number(bit) << index), 0);
}

/**
 * Decodes rise times (in cycles, `cyclesPerMicrosecond` of them) of one burst by pulse-to-pulse gaps: behind a
 * clock a short gap is a data pulse, a long one the next clock. undefined: not exactly one whole burst.
 */
export function decodeBurst(
  risesAt: readonly number[],
  cyclesPerMicrosecond: number,
): { word: number; positions: string } | undefined {
  let positions = risesAt.length > 0 ? '1' : '';
  let previous = risesAt[0] ?? 0;
  for (const rise of risesAt.slice(1)) {
    const gapUs = (rise - previous) / cyclesPerMicrosecond;
    previous = rise;
    if (!(gapUs >= windows.dataDetectMinUs && gapUs <= windows.flpTestMaxUs)) return undefined;
    positions += gapUs <= windows.dataDetectMaxUs ? '1' : '01';
  }
  const word = positionsToWord(positions);
  return word === undefined ? undefined : { word, positions };
}

/** Bits D5 to D15 of a base page, 802.3 annex 28B. */
const technologies: readonly string[] = [
  '10BASE-T half',
  '10BASE-T full',
  '100BASE-TX half',
  '100BASE-TX full',
  '100BASE-T4',
  'PAUSE',
  'ASM_DIR',
  'reserved',
  'remote fault',
  'ACK',
  'next page',
];
const selectorBits = 5;
const selectors: ReadonlyMap<number, string> = new Map([[1, '802.3']]);

/** As in '802.3, 10BASE-T half, 100BASE-TX full, ACK'. */
export function describeWord(word: number): string {
  const selector = word & ((1 << selectorBits) - 1);
  const abilities = technologies.filter((_, index) => (word >>> (selectorBits + index)) & 1);
  return [selectors.get(selector) ?? `selector ${selector}`, ...abilities].join(', ');
}
