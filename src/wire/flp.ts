/** The 33 pulse positions of a burst as '1'/'0': positions 1,3,..33 clocks, 2,4,..32 data bits D0..D15. 802.3 clause 28. */
export declare function wordToPositions(word: number): string;
/** The word when all 17 clocks are there, else undefined. */
export declare function positionsToWord(positions: string): number | undefined;
/** Decodes rise times (any unit given by `cyclesPerMicrosecond`) of one burst by pulse-to-pulse gaps (28.2.1.. windows 78-100 us). */
export declare function decodeBurst(
  risesAt: readonly number[],
  cyclesPerMicrosecond: number,
): { word: number; positions: string } | undefined;
export declare function describeWord(word: number): string; // '802.3, 10BASE-T half, 100BASE-TX full, ACK'
