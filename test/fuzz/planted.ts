/** Mistakes made on purpose: what shows that the fuzzer finds such a thing. Not part of a campaign. */
import type { Target } from './fuzzer.js';

const base = {
  mostParts: 1,
  mostBytes: 64,
  scope: /\/test\/fuzz\/(dist\/test\/fuzz\/)?planted\.js$/,
  seeds: () => [[new Uint8Array(8)]],
} as const;

/** Four conditions, one inside the other: chance alone needs 2^32 tries, coverage some hundred each. */
const deep = (bytes: Uint8Array): number => {
  let depth = 0;
  if (bytes[0] === 0x4c) {
    depth = 1;
    if (bytes[1] === 0x50) {
      depth = 2;
      if (((bytes[2] ?? 0) ^ 0x5a) === 0x11) {
        depth = 3;
        if (bytes.length > 3 && (bytes[3] ?? 0) * 3 === 0x2b5) throw new Error('the planted mistake');
      }
    }
  }
  return depth;
};

const hoard: Uint8Array[] = [];

export const planted: readonly Target[] = [
  { ...base, name: 'planted-throw', run: ([bytes = new Uint8Array()]) => void deep(bytes) },
  {
    ...base,
    name: 'planted-hang',
    run: ([bytes = new Uint8Array()]) => {
      while (bytes[0] === 0x4c && bytes[1] !== 0) hoard.length = 0;
    },
  },
  {
    ...base,
    name: 'planted-slow',
    slowMs: 20,
    run: ([bytes = new Uint8Array()]) => {
      const endsAt = performance.now() + (bytes[0] === 0x4c ? 25 : 0);
      while (performance.now() < endsAt) hoard.length = 0;
    },
  },
  {
    ...base,
    name: 'planted-growth',
    run: () => {
      hoard.push(new Uint8Array(4096));
    },
  },
];
