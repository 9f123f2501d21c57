/** A short campaign of every target, and the proof that mistakes made on purpose are found. `npm run fuzz` is the long one. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { campaign } from './campaign.js';
import { planted } from './planted.js';
import { targets } from './targets.js';

const here = (path: string): URL => new URL(path, import.meta.url);
const worker = here('./dist/test/fuzz/worker.js');
const compiler = fileURLToPath(here('../../node_modules/.bin/tsc'));
const seed = 5;
const searchSeconds = 20;

beforeAll(() => {
  const compiled = spawnSync(compiler, ['-p', fileURLToPath(here('.'))], { encoding: 'utf8' });
  expect(compiled.stdout + compiled.stderr).toBe('');
});

const corpusOf = (name: string): string[] => {
  const file = here(`./corpus/${name}.txt`);
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};

describe('the fuzzer finds', () => {
  it.each([
    ['a mistake behind four conditions, one inside the other', 'planted-throw', 'threw', /^4c504be7/],
    ['an input that hangs, though its thread can tell nothing any more', 'planted-hang', 'hung', /^4c(?!00)/],
    ['an input that takes too long', 'planted-slow', 'slow', /^4c/],
    ['memory that stays behind', 'planted-growth', 'grew', /^/],
  ] as const)('%s', { timeout: 60_000 }, async (_title, target, kind, input) => {
    const seconds = kind === 'threw' ? searchSeconds : 1;
    const { findings } = await campaign({ target, seconds, seed, corpus: [], mostFindings: 1 }, worker);
    expect(findings).toMatchObject([{ kind, input: expect.stringMatching(input) }]);
  });
});

describe('a short campaign finds nothing in', () => {
  const real = targets.filter((target) => !planted.includes(target));
  it.each(real.map(({ name }) => name))('%s', { timeout: 60_000 }, async (target) => {
    const outcome = await campaign({ target, seconds: 0.3, seed, corpus: corpusOf(target), mostFindings: 1 }, worker);
    expect(outcome.findings).toEqual([]);
    expect(outcome.executions).toBeGreaterThan(outcome.seedCount);
    expect(outcome.coveredBySeeds).toBeGreaterThan(0);
  });
});
