import { describe, expect, it } from 'vitest';
import type { PromptPlan } from '../../src/plan/prompts.js';
import { judgeRun } from '../../src/records/run-verdict.js';
import { judge } from '../../src/stages/replay.js';
import type { Fact, FactOf } from '../../src/timeline/events.js';
import { planWith } from './sample-plan.js';
import { end, type Line, powerOff, tell, timeline, toRegistration } from './story.js';

const question = (id: string, more: Partial<PromptPlan> = {}): PromptPlan => ({
  ...{
    id,
    question: { en: `Does the ${id} work?` },
    picture: null,
    expected: 'yes',
    timeoutMs: 30_000,
    blame: 'phone',
  },
  ...more,
});
const asked = (id: string, isAnswerable = true): Fact => ({
  ...{ kind: 'prompt', id, question: { en: `Does the ${id} work?` }, picture: null, timeoutMs: 30_000, isAnswerable },
});
const answered = (id: string, answer: 'yes' | 'no'): FactOf<'prompt-answer'> => ({
  ...{ kind: 'prompt-answer', id, answer, by: 'Kim', where: 'page' },
});
const askingPlan = (...prompts: readonly PromptPlan[]) => ({ ...planWith({}), prompts });
const registeredMs = toRegistration.at(-1)?.[0] ?? 0;
const thereafter = (...lines: readonly Line[]): readonly Line[] => [
  ...toRegistration,
  ...lines.map(([atMs, fact]): Line => [registeredMs + atMs, fact]),
];

describe('a plan that asks the operator', () => {
  it('asks one question after another once every stage is decided, and ends with the last answer', () => {
    const plan = askingPlan(question('display'), question('lamp', { expected: 'no' }));
    expect(tell(plan, toRegistration.slice(0, -1)).duePrompt()).toBeNull();
    const registered = tell(plan, toRegistration);
    expect(registered.duePrompt()?.id).toBe('display');
    expect(registered.shouldEnd()).toBeNull();
    const first = tell(plan, thereafter([10, asked('display')]));
    expect([first.duePrompt(), first.openPrompt()?.id]).toEqual([null, 'display']);
    expect(tell(plan, thereafter([10, asked('display')], [900, answered('display', 'yes')])).duePrompt()?.id).toBe(
      'lamp',
    );
    const all = thereafter(
      ...([
        [10, asked('display')],
        [900, answered('display', 'yes')],
        [910, asked('lamp')],
        [1500, answered('lamp', 'no')],
      ] as const),
    );
    const tribunal = tell(plan, all);
    expect(tribunal.shouldEnd()).not.toBeNull();
    expect(tribunal.runVerdict().verdict).toBe('pass');
    expect(tribunal.prompts().map(({ verdict, answer, by }) => [verdict, answer, by])).toEqual([
      ['pass', 'yes', 'Kim'],
      ['pass', 'no', 'Kim'],
    ]);
  });

  it.each([
    ['phone', 'fail', null, 1],
    ['operator', 'error', 'operator', 5],
    ['bench', 'error', 'bench', 5],
  ] as const)('a wrong answer with blame %s is %s, and ends the run at once', (blame, verdict, blamed, exitCode) => {
    const plan = askingPlan(question('display', { blame }), question('lamp'));
    const lines = thereafter([10, asked('display')], [900, answered('display', 'no')]);
    expect(tell(plan, lines).shouldEnd()).toEqual({ reason: `prompt display: ${verdict}` });
    expect(tell(plan, lines).duePrompt()).toBeNull();
    const ended = tell(plan, [...lines, [registeredMs + 1000, powerOff('COMMANDED')], [registeredMs + 1100, end]]);
    expect(ended.runVerdict()).toMatchObject({ verdict, blame: blamed, stage: null });
    expect(ended.exitCode({ strict: false })).toBe(exitCode);
    expect(ended.prompts().map((result) => result.verdict)).toEqual([verdict, 'not-reached']);
    expect(ended.prompts()[0]?.cause).toBe('“Does the display work?” was answered no by Kim.');
  });

  it('an answer that does not come in time, or after it, judges nobody: error, blame operator', () => {
    const plan = askingPlan(question('display'));
    const tribunal = tell(plan, thereafter([10, asked('display')]));
    expect(tribunal.nextDeadlineUs()).toBe((registeredMs + 30_010) * 1000);
    const late = tell(plan, thereafter([10, asked('display')], [30_011, answered('display', 'yes')]));
    expect(late.runVerdict()).toMatchObject({ verdict: 'error', blame: 'operator' });
    expect(late.prompts()[0]?.cause).toMatch(/^Nobody answered “Does the display work\?” within 30 s/);
  });

  it('nobody there to be asked is an error of the operator at once', () => {
    const tribunal = tell(askingPlan(question('display')), thereafter([10, asked('display', false)]));
    expect(tribunal.shouldEnd()).toEqual({ reason: 'prompt display: error' });
    expect(tribunal.prompts()[0]?.nextAction).toContain('--answer display=yes');
  });

  it('power off answers the question: interrupted, nobody judged', () => {
    const plan = askingPlan(question('display'));
    const lines = thereafter([10, asked('display')], [500, { kind: 'interrupted', by: 'power off' }], [600, end]);
    const { prompts, results, events } = { ...judge(plan, timeline(lines)), events: timeline(lines) };
    expect(judgeRun(results, events, { prompts })).toMatchObject({ verdict: 'error', blame: 'operator', exitCode: 2 });
    expect(prompts[0]?.cause).toContain('before anybody answered “Does the display work?” (power off)');
  });

  it('a trip while the question waits is what ended the run', () => {
    const lines = thereafter([10, asked('display')], [500, powerOff('OVERLOAD')], [600, end]);
    const tribunal = tell(askingPlan(question('display')), lines);
    expect(tribunal.runVerdict()).toMatchObject({ verdict: 'fail', stage: 'power' });
    expect(tribunal.prompts()[0]).toMatchObject({ verdict: 'not-reached' });
  });

  it('a stored run that asked nobody is judged by a plan that asks as one that skipped it', () => {
    const { prompts, run } = judge(
      askingPlan(question('display')),
      timeline([...toRegistration, [registeredMs + 9, end]]),
    );
    expect(prompts[0]).toMatchObject({ verdict: 'skipped', cause: 'Nobody was asked in this run.' });
    expect(run.verdict).toBe('pass');
  });
});
