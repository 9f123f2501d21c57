import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { BenchError } from '../../src/errors.js';
import { parsePlan } from '../../src/plan/load-plan.js';
import { readPromptPictures } from '../../src/plan/prompt-pictures.js';
import { quickPlan } from '../helpers/linkpulse.js';

const folder = mkdtempSync(join(tmpdir(), 'linkpulse-prompts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const quick = readFileSync(quickPlan, 'utf8');
const lines = quick.split('\n').length;
const asking = (prompts: string) => parsePlan(`${quick}\nprompts:\n${prompts}\n`, join(folder, 'plan.yaml')).plan;
const refusalOf = (work: () => unknown): string => {
  try {
    work();
    return '';
  } catch (error) {
    return error instanceof BenchError ? error.message : String(error);
  }
};

it('reads questions in several languages, with what is usual where nothing is said', () => {
  expect(asking('  - { id: lamp, question: { en: Lit?, de: Leuchtet sie? }, picture: message-lamp }').prompts).toEqual([
    {
      ...{
        id: 'lamp',
        question: { en: 'Lit?', de: 'Leuchtet sie?' },
        picture: { kind: 'drawn', name: 'message-lamp' },
      },
      ...{ expected: 'yes', timeoutMs: 60_000, blame: 'phone' },
    },
  ]);
  const [prompt] = asking('  - { id: a, question: { en: B? }, expected: no, timeout: 2min, blame: operator }').prompts;
  expect(prompt).toMatchObject({ expected: 'no', timeoutMs: 120_000, blame: 'operator', picture: null });
  expect(parsePlan(quick, 'quick.yaml').plan.prompts).toEqual([]);
});

it.each([
  ['{ id: a, question: { de: Leuchtet sie? } }', 'prompts.0.question.en: is missing'],
  ['{ id: a, question: { en: B?, fr: C? } }', 'prompts.0.question.fr: unknown key'],
  ['{ id: a, question: { en: B? }, picture: massage-lamp }', 'did you mean message-lamp?'],
  ['{ id: a, question: { en: B? }, picture: lamp.gif }', 'must be a .png, .jpg or .svg file'],
  ['{ id: a, question: { en: B? }, expected: maybe }', 'prompts.0.expected: must be yes or no'],
  ['{ id: a, question: { en: B? }, timeout: 60 }', 'prompts.0.timeout: needs a unit, such as 60ms'],
  ['{ id: a, question: { en: B? }, timeout: 1h }', 'prompts.0.timeout: must be between 1000ms and 600000ms'],
  ['{ id: a, question: { en: B? }, blame: phones }', 'did you mean phone?'],
])('refuses %s with its line', (prompt, told) => {
  const message = refusalOf(() => asking(`  - ${prompt}`));
  expect(message).toContain(told);
  expect(message).toContain(`plan.yaml:${lines + 2}:`);
});

it('refuses one id given twice, and more than eight questions', () => {
  const many = (count: number) => Array.from({ length: count }, () => '  - { id: a, question: { en: B? } }').join('\n');
  expect(refusalOf(() => asking(many(2)))).toContain('prompts.1.id: the id a is given twice');
  expect(refusalOf(() => asking(many(9)))).toContain('takes 8 questions at most');
});

it('reads the pictures that a plan brings, and refuses what is missing, too large or no picture', () => {
  const withPicture = (name: string) => asking(`  - { id: a, question: { en: B? }, picture: ${name} }`);
  writeFileSync(join(folder, 'good.PNG'), Buffer.from('89504e470d0a1a0a00', 'hex'));
  writeFileSync(join(folder, 'text.png'), 'no picture');
  writeFileSync(join(folder, 'large.svg'), `<svg>${' '.repeat(600_000)}`);
  expect([...readPromptPictures(withPicture('good.PNG')).keys()]).toEqual(['prompt-a.png']);
  expect(refusalOf(() => readPromptPictures(withPicture('text.png')))).toContain('is no png picture');
  expect(refusalOf(() => readPromptPictures(withPicture('large.svg')))).toContain('is larger than 512 KiB');
  expect(refusalOf(() => readPromptPictures(withPicture('none.jpg')))).toContain('cannot be read (ENOENT');
});
