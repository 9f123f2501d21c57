import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BlockCoverage } from './block-coverage.js';
import { type Input, inputToText, sizeOf } from './input.js';
import { Mutator, type MutatorBounds, tokensIn } from './mutator.js';

/** Something that takes bytes of strangers. */
export interface Target extends MutatorBounds {
  readonly name: string;
  /** URLs of the scripts whose coverage guides. */
  readonly scope: RegExp;
  readonly seeds: () => readonly Input[];
  /** Throws where the code under test is wrong. */
  readonly run: (input: Input) => void;
  /** Checksums and lengths put right, so that what is behind their checks is reached; used on most inputs. */
  readonly repair?: (input: Input) => Input;
  /** An input that takes longer is a finding. Default: `slowMs`. */
  readonly slowMs?: number;
}

export interface Finding {
  readonly kind: 'threw' | 'slow' | 'hung' | 'grew' | 'died';
  readonly words: string;
  /** As `inputToText` writes it. */
  readonly input: string;
}

export interface Outcome {
  readonly executions: number;
  readonly perSecond: number;
  readonly seedCount: number;
  /** Characters of source that ran: by the seeds alone, and at the end. */
  readonly coveredBySeeds: number;
  readonly covered: number;
  readonly grownBytes: number;
  /** Inputs that reached something new, the seeds' own left out; each was cut as short as it could be. */
  readonly corpus: readonly string[];
  readonly findings: readonly Finding[];
}

/** Inputs between two measurements: more while nothing new is reached. */
const batchSize = { least: 32, most: 1024 } as const;
/** A batch ends after so long, whatever it holds. */
const batchMs = 60;
const trimTries = 24;
const slowMs = 100;
/** Told growth is what a collection leaves, besides the corpus itself. */
const mostGrownBytes = 24 << 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapBytes = (): number => {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Known inputs besides the seeds. */
  readonly corpus: readonly Input[];
  /** With so many the campaign ends. */
  readonly mostFindings: number;
  /** Told each input before it runs. */
  readonly before: (input: Input) => void;
}

/** Feeds a target for some seconds; inputs that reach new code are kept and spoilt further. Never throws. */
export const fuzz = (target: Target, options: FuzzOptions): Outcome => new Fuzzer(target, options).run();

class Fuzzer {
  readonly #target: Target;
  readonly #options: FuzzOptions;
  readonly #coverage: BlockCoverage;
  readonly #mutator: Mutator;
  readonly #known: Input[] = [];
  readonly #gained: Input[] = [];
  readonly #findings = new Map<string, Finding>();
  #executions = 0;
  #batchSize: number = batchSize.least;

  constructor(target: Target, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    this.#coverage = new BlockCoverage(target.scope);
    this.#mutator = new Mutator(options.seed, target);
  }

  run(): Outcome {
    const seeds = this.#target.seeds();
    for (const seed of seeds) this.#try(seed, false);
    const coveredBySeeds = this.#coverage.covered;
    for (const input of this.#options.corpus) this.#try(input, true);
    if (this.#known.length === 0) this.#known.push([new Uint8Array(8)]);
    this.#mutator.learn(tokensIn(this.#coverage.sources()));
    this.#batch();
    const [heapBefore, executionsBefore] = [heapBytes(), this.#executions];
    const began = performance.now();
    const endsAt = began + this.#options.seconds * 1000;
    while (performance.now() < endsAt && this.#findings.size < this.#options.mostFindings) this.#batch();
    const seconds = (performance.now() - began) / 1000;
    const grownBytes = heapBytes() - heapBefore - this.#gained.reduce((sum, input) => sum + sizeOf(input), 0);
    if (grownBytes > mostGrownBytes)
      this.#note('grew', `${(grownBytes / 2 ** 20).toFixed(1)} MiB stay behind after a collection`, []);
    this.#coverage.close();
    return {
      executions: this.#executions,
      perSecond: (this.#executions - executionsBefore) / seconds,
      seedCount: seeds.length,
      coveredBySeeds,
      covered: this.#coverage.covered,
      grownBytes,
      corpus: this.#gained.map(inputToText),
      findings: [...this.#findings.values()],
    };
  }

  #batch(): void {
    const endsAt = performance.now() + batchMs;
    const batch: Input[] = [];
    while (batch.length < this.#batchSize && performance.now() < endsAt) {
      const input = this.#next();
      batch.push(input);
      this.#execute(input);
    }
    const isNew = this.#coverage.news(this.#coverage.measure(), { merge: false }) > 0;
    if (isNew) this.#search(batch);
    const wanted = isNew ? this.#batchSize / 4 : this.#batchSize * 2;
    this.#batchSize = Math.min(Math.max(wanted, batchSize.least), batchSize.most);
  }

  /** Those of a batch that reach something new: halves are run again until each stands alone. */
  #search(batch: readonly Input[]): void {
    const [only, another] = batch;
    if (only === undefined) return;
    if (another === undefined) {
      this.#try(only, true);
      return;
    }
    for (const input of batch) this.#execute(input);
    if (this.#coverage.news(this.#coverage.measure(), { merge: false }) === 0) return;
    const middle = batch.length >> 1;
    this.#search(batch.slice(0, middle));
    this.#search(batch.slice(middle));
  }

  /** Newer inputs more often: behind what was just reached is most to be found. */
  #next(): Input {
    const { length } = this.#known;
    const fromEnd =
      this.#mutator.below(2) === 0 ? this.#mutator.below(Math.min(length, 16)) : this.#mutator.below(length);
    const made = this.#mutator.mutate(this.#known[length - 1 - fromEnd] ?? [], this.#mutator.pick(this.#known) ?? []);
    return this.#target.repair !== undefined && this.#mutator.below(8) > 0 ? this.#target.repair(made) : made;
  }

  /** Runs one input alone; it is kept where it reaches something new. */
  #try(input: Input, mayTrim: boolean): void {
    const measured = (each: Input) => {
      this.#execute(each);
      return this.#coverage.measure();
    };
    const run = measured(input);
    const news = this.#coverage.news(run, { merge: false });
    if (news === 0) return;
    let kept = input;
    if (mayTrim)
      for (let tries = trimTries, piece = sizeOf(input); tries > 0 && piece > 1; tries--) {
        piece = Math.ceil(piece / 2);
        const shorter = withoutPiece(kept, this.#mutator.below(Math.max(sizeOf(kept), 1)), piece);
        if (this.#coverage.news(measured(shorter), { merge: false }) >= news) kept = shorter;
      }
    this.#coverage.news(run, { merge: true });
    this.#known.push(kept);
    if (mayTrim) this.#gained.push(kept);
  }

  #execute(input: Input): void {
    this.#executions += 1;
    this.#options.before(input);
    const took = this.#timed(input);
    const limit = this.#target.slowMs ?? slowMs;
    if (took < limit) return;
    // Once may be a collection, or another process.
    const again = Math.min(took, this.#timed(input), this.#timed(input));
    if (again >= limit) this.#note('slow', `${again.toFixed(0)} ms for ${sizeOf(input)} bytes`, input);
  }

  #timed(input: Input): number {
    const began = performance.now();
    try {
      this.#target.run(input);
    } catch (error) {
      this.#note('threw', error instanceof Error ? (error.stack ?? error.message) : String(error), input);
    }
    return performance.now() - began;
  }

  /** One finding for each place. */
  #note(kind: Finding['kind'], words: string, input: Input): void {
    const place = kind === 'threw' ? (/^\s+at .*$/m.exec(words)?.[0] ?? words) : '';
    const known = this.#findings.get(kind + place);
    const text = inputToText(input);
    if (known === undefined || text.length < known.input.length)
      this.#findings.set(kind + place, { kind, words, input: text });
  }
}

/** The same without `count` bytes from the `at`th on, parts in a row. */
const withoutPiece = (input: Input, at: number, count: number): Input => {
  let passed = 0;
  return input
    .map((part) => {
      const [from, to] = [Math.max(at - passed, 0), Math.max(at + count - passed, 0)];
      passed += part.length;
      if (from >= part.length || to === 0) return part;
      return Uint8Array.from([...part.subarray(0, from), ...part.subarray(to)]);
    })
    .filter((part, index) => part.length > 0 || index === 0);
};
