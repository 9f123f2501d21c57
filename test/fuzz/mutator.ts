import { randomFrom } from '../wire/hostile.js';
import { type Input, sizeOf } from './input.js';

export interface MutatorBounds {
  readonly mostParts: number;
  /** In all parts together. */
  readonly mostBytes: number;
}

const extremes = [0x00, 0x01, 0x7f, 0x80, 0xff] as const;
const lengths = [0, 1, 3, 4, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff] as const;
const words = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, 0x10000] as const;

/** Makes new inputs of known ones. Seeded: the same calls give the same inputs. */
export class Mutator {
  readonly #random: (below: number) => number;
  readonly #bounds: MutatorBounds;
  #tokens: readonly Uint8Array[] = [];

  constructor(seed: number, bounds: MutatorBounds) {
    this.#random = randomFrom(seed);
    this.#bounds = bounds;
  }

  /** Byte strings that mean something to the code under test: its own constants. */
  learn(tokens: readonly Uint8Array[]): void {
    this.#tokens = tokens;
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.#random(list.length)];
  }

  below(limit: number): number {
    return this.#random(limit);
  }

  /** `other`: a further known input, of which pieces are taken. */
  mutate(input: Input, other: Input): Input {
    let parts = [...input];
    for (let steps = 1 << this.#random(4); steps > 0; steps--)
      if (this.#bounds.mostParts > 1 && this.#random(4) === 0) parts = this.#shuffle(parts, other);
      else {
        const at = this.#random(Math.max(parts.length, 1));
        parts[at] = this.#spoil(parts[at] ?? new Uint8Array(), this.pick(other) ?? new Uint8Array());
      }
    parts = parts.slice(0, this.#bounds.mostParts);
    while (parts.length > 1 && sizeOf(parts) > this.#bounds.mostBytes) parts.pop();
    return parts.map((part) => part.subarray(0, this.#bounds.mostBytes));
  }

  #shuffle(parts: readonly Uint8Array[], other: Input): Uint8Array[] {
    const made = [...parts];
    const at = this.#random(made.length + 1);
    const one = made[at];
    switch (this.#random(5)) {
      case 0:
        made.splice(at, 1);
        break;
      case 1:
        if (one !== undefined) made.splice(this.#random(made.length + 1), 0, one);
        break;
      case 2: {
        const moved = made.splice(at, 1);
        made.splice(this.#random(made.length + 1), 0, ...moved);
        break;
      }
      case 3: {
        const from = this.#random(other.length);
        made.splice(at, 0, ...other.slice(from, from + 1 + this.#random(4)));
        break;
      }
      default:
        // One part cut in two: a stream in other chunks.
        if (one !== undefined && one.length > 1) {
          const cut = 1 + this.#random(one.length - 1);
          made.splice(at, 1, one.subarray(0, cut), one.subarray(cut));
        }
    }
    return made.length === 0 ? [new Uint8Array()] : made;
  }

  #spoil(part: Uint8Array, other: Uint8Array): Uint8Array {
    const at = this.#random(part.length + 1);
    switch (this.#random(13)) {
      case 0:
        return changed(part, at, [(part[at] ?? 0) ^ (1 << this.#random(8))]);
      case 1:
        return changed(part, at, [this.#random(256)]);
      case 2:
        return changed(part, at, [this.pick(extremes) ?? 0]);
      case 3:
        return changed(part, at, [((part[at] ?? 0) + this.#random(35) - 17) & 0xff]);
      case 4:
        return spliced(part, at, 1 + this.#random(16), []);
      case 5:
        return spliced(part, at, 0, part.subarray(at, at + 1 + this.#random(48)));
      case 6:
        return spliced(
          part,
          at,
          0,
          Uint8Array.from({ length: 1 + this.#random(12) }, () => this.#random(256)),
        );
      case 7:
        return changed(part, at, this.#number(part.length - at));
      case 8:
        return changed(part, at, this.pick(this.#tokens) ?? []);
      case 9:
        return spliced(part, at, 0, this.pick(this.#tokens) ?? []);
      case 10: {
        const from = this.#random(other.length + 1);
        const piece = other.subarray(from, from + 1 + this.#random(Math.max(other.length - from, 1)));
        return spliced(part, at, this.#random(2) * piece.length, piece);
      }
      case 11:
        return part.subarray(0, at);
      default:
        // A long run of one byte: lengths and counts at their ends.
        return spliced(part, at, 0, new Uint8Array(1 + this.#random(600)).fill(part[at] ?? 0x41));
    }
  }

  #number(rest: number): Uint8Array {
    const isWide = this.#random(2) === 1;
    const size = isWide ? 4 : 2;
    const value = this.#random(3) === 0 ? rest : ((isWide ? this.pick(words) : this.pick(lengths)) ?? 0);
    const bytes = Uint8Array.from({ length: size }, (_, index) => Math.floor(value / 2 ** (8 * index)) & 0xff);
    return this.#random(2) === 0 ? bytes : bytes.reverse();
  }
}

const changed = (part: Uint8Array, at: number, bytes: ArrayLike<number>): Uint8Array => {
  const made = new Uint8Array(Math.max(part.length, at + bytes.length));
  made.set(part);
  made.set(bytes, at);
  return made;
};

const spliced = (part: Uint8Array, at: number, count: number, bytes: ArrayLike<number>): Uint8Array => {
  const behind = part.subarray(at + count);
  const made = new Uint8Array(at + bytes.length + behind.length);
  made.set(part.subarray(0, at));
  made.set(bytes, at);
  made.set(behind, at + bytes.length);
  return made;
};

/** The constants in JavaScript sources, as the bytes a peer would send: texts, and numbers of two to four bytes both ways. */
export const tokensIn = (sources: readonly string[]): Uint8Array[] => {
  const found = new Map<string, Uint8Array>();
  const note = (bytes: Uint8Array) => found.set(Buffer.from(bytes).toString('hex'), bytes);
  for (const source of sources) {
    for (const [, , text = ''] of source.matchAll(/(['"`])([\x20-\x7e]{2,24}?)\1/g)) note(Buffer.from(text, 'latin1'));
    for (const [, text = ''] of source.matchAll(/(?<![\w.$])(0x[0-9a-f_]+|\d[\d_]*)(?![\w.])/gi)) {
      const value = Number(text.replaceAll('_', ''));
      if (value < 2 || value > 0xffffffff) continue;
      const size = value > 0xffff ? 4 : value > 0xff ? 2 : 1;
      const bytes = Uint8Array.from({ length: size }, (_, index) => Math.floor(value / 2 ** (8 * index)) & 0xff);
      note(bytes);
      note(Uint8Array.from(bytes).reverse());
    }
  }
  return [...found.values()];
};
