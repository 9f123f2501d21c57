/** Bytes nobody should send. The seed makes a failure repeatable. */
const seed = 0x5eed;
const corruptionsPerSample = process.env.LINKPULSE_LONG ? 20_000 : 400;

/** Mulberry32: small, seeded, good enough to spoil bytes. */
export function randomFrom(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Every proper prefix of `sample`, the empty one included. */
export const properPrefixes = (sample: Uint8Array): Uint8Array[] =>
  Array.from(sample, (_, length) => sample.slice(0, length));

/** Copies of `sample` with bytes overwritten (extremes more often than chance), cut, repeated or removed. */
export function* corruptions(sample: Uint8Array, count = corruptionsPerSample): Generator<Uint8Array> {
  const random = randomFrom(seed + sample.length);
  const extremes = [0x00, 0xff, 0x80, 0x7f, 0x01];
  for (let made = 0; made < count; made++) {
    let bytes = [...sample];
    for (let change = random(6); change >= 0; change--) {
      const at = random(bytes.length + 1);
      const extreme = extremes[random(extremes.length)] ?? 0;
      const kind = random(6);
      if (kind < 3) bytes[at] = kind === 0 ? random(256) : extreme;
      else if (kind === 3) bytes = bytes.slice(0, at);
      else if (kind === 4) bytes.splice(at, random(8));
      else bytes.splice(at, 0, ...bytes.slice(at, at + random(64)));
    }
    yield Uint8Array.from(bytes, (byte) => byte ?? 0);
  }
}

/** Runs `decode` on all of them; the first throw is the test's failure, with the bytes that caused it. */
export function survives(decode: (bytes: Uint8Array) => unknown, sample: Uint8Array): void {
  const hostile = [...properPrefixes(sample), ...corruptions(sample)];
  for (const bytes of hostile) {
    try {
      decode(bytes);
    } catch (error) {
      throw new Error(`threw on ${Buffer.from(bytes).toString('hex')}`, { cause: error });
    }
  }
}
