/** The same bytes for the same seed (xorshift32), so that a failure can be run again. */
export const seededBytes = (seed: number, length: number): Uint8Array => {
  let state = seed | 1;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
};
