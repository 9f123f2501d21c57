/**
 * npm run fuzz -- [--seconds N] [--seed N] [--save] [--input TEXT] [TARGET...]: fuzzes each target for N seconds (30 by default) and
 * prints one line each. Ends with 1 where something was found. `--save` writes what gained coverage to test/fuzz/corpus.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { campaign } from './campaign.js';
import type { Outcome } from './fuzzer.js';
import { textToInput } from './input.js';
import { planted } from './planted.js';
import { targets } from './targets.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    save: { type: 'boolean', default: false },
    input: { type: 'string' },
  },
});
// From test/fuzz/dist/test/fuzz.
const corpusDirectory = new URL('../../../corpus/', import.meta.url);
const worker = new URL('./worker.js', import.meta.url);
const mostFindings = 20;
const corpusFile = (name: string): URL => new URL(`${name}.txt`, corpusDirectory);
const corpusOf = (name: string): string[] =>
  existsSync(corpusFile(name))
    ? readFileSync(corpusFile(name), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];

const isMeant = ({ name }: { readonly name: string }): boolean =>
  positionals.length === 0 ? !planted.some((each) => each.name === name) : positionals.includes(name);
const meant = targets.filter(isMeant);
const unknown = positionals.filter((name) => !targets.some((each) => each.name === name));
if (unknown.length > 0) {
  process.stderr.write(`No target ${unknown.join(', ')}; there are: ${targets.map(({ name }) => name).join(' ')}\n`);
  process.exit(4);
}

const row = (name: string, outcome: Outcome): string =>
  [
    name.padEnd(14),
    `${outcome.executions} executions`.padStart(20),
    `${Math.round(outcome.perSecond)}/s`.padStart(10),
    `${outcome.seedCount} seeds`.padStart(12),
    `coverage ${outcome.coveredBySeeds} -> ${outcome.covered}`.padStart(28),
    `corpus ${outcome.corpus.length}`.padStart(12),
    outcome.findings.length === 0 ? 'nothing found' : `${outcome.findings.length} FOUND`,
  ].join('  ');

if (values.input !== undefined) {
  for (const target of meant) target.run(textToInput(values.input));
  process.exit(0);
}
const seed = Number(values.seed);
process.stdout.write(`seed ${seed}\n`);
let found = 0;
for (const { name } of meant) {
  const outcome = await campaign(
    { target: name, seconds: Number(values.seconds), seed, corpus: corpusOf(name), mostFindings },
    worker,
  );
  process.stdout.write(`${row(name, outcome)}\n`);
  for (const { kind, words, input } of outcome.findings) {
    found += 1;
    process.stdout.write(`  ${kind}: ${words}\n  again with: npm run fuzz -- ${name} --input ${input}\n`);
  }
  if (!values.save) continue;
  mkdirSync(corpusDirectory, { recursive: true });
  writeFileSync(corpusFile(name), `${[...new Set([...corpusOf(name), ...outcome.corpus])].join('\n')}\n`);
}
process.exit(found > 0 ? 1 : 0);
