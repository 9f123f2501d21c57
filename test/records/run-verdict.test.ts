import { describe, expect, it } from 'vitest';
import { judgeRun } from '../../src/records/run-verdict.js';
import { type StageResult, type StageVerdict, stageNames } from '../../src/stages/judge.js';
import type { Fact } from '../../src/timeline/events.js';
import { eventsOf } from '../reports/fixture-script.js';

const stages = (...verdicts: readonly StageVerdict[]): readonly StageResult[] =>
  stageNames.map((stage, index) => {
    const verdict = verdicts[index] ?? 'pass';
    return {
      stage,
      verdict,
      blame: verdict === 'error' ? 'network' : null,
      cause: `${stage} is ${verdict}`,
      evidence: [index],
      nextAction: `look at ${stage}`,
      measurements: [],
      beganAtUs: 0,
      endedAtUs: 1,
    };
  });

const told = (...facts: readonly Fact[]) => eventsOf(facts.map((fact, index) => [index, fact] as const));

const powerOn: Fact = {
  kind: 'power-on',
  method: 'prestandard',
  pairs: 'spare',
  polarity: 'prestandard',
  discoveryAgeMs: 17,
};
const off = (cause: 'COMMANDED' | 'SHORT' | 'LINK_DEADLINE'): Fact => ({
  kind: 'power-off',
  cause,
  switchOffMs: 1,
  milliamps: 1,
});
const interrupted: Fact = { kind: 'interrupted', by: 'SIGINT' };
const fault = (code: string): Fact => ({
  kind: 'bench-fault',
  code,
  message: 'it broke',
  remedy: 'mend it',
  blame: 'bench',
});
const lost: Fact = { kind: 'board-lost', code: 'BOARD_LOST' };
const stuck: Fact = { kind: 'board-fault', code: 'SWITCH_STUCK', jackMillivolts: 47_000 };

describe('the verdict of a run', () => {
  it.each([
    ['all pass', stages(), [], 'pass', null, 0],
    ['one skipped', stages('pass', 'pass', 'skipped'), [], 'pass', null, 0],
    ['one marginal', stages('pass', 'marginal'), [], 'marginal', null, 0],
    ['fail beats marginal', stages('marginal', 'fail', 'not-reached'), [], 'fail', null, 1],
    ['error beats fail', stages('fail', 'pass', 'error'), [], 'error', 'network', 5],
    ['a stage not reached without a reason', stages('pass', 'not-reached'), [], 'error', 'bench', 5],
    ['interrupted', stages('pass', 'not-reached'), [interrupted], 'error', 'operator', 2],
    ['interrupted after all was judged', stages(), [interrupted], 'error', 'operator', 2],
    ['the bench broke', stages(), [fault('NETWORK_FAILED')], 'error', 'bench', 5],
    ['linkpulse broke', stages('pass', 'not-reached'), [fault('INTERNAL')], 'error', 'bench', 3],
    ['a trip keeps the verdict', stages('fail', 'not-reached'), [powerOn, off('SHORT')], 'fail', null, 6],
    ['a trip beats an interruption', stages('fail'), [powerOn, off('SHORT'), interrupted], 'fail', null, 6],
    ['a commanded off is no trip', stages('fail'), [powerOn, off('COMMANDED')], 'fail', null, 1],
    ['the board lost while powered', stages('error'), [powerOn, lost], 'error', 'network', 6],
    ['the board lost after off', stages('error'), [powerOn, off('COMMANDED'), lost], 'error', 'network', 5],
    ['a switch stuck after off', stages('error'), [powerOn, off('COMMANDED'), stuck], 'error', 'network', 6],
  ] as const)('%s', (_, results, facts, verdict, blame, exitCode) => {
    expect(judgeRun(results, told(...facts))).toMatchObject({ verdict, blame, exitCode });
  });

  it('is strict about marginal only when asked', () => {
    expect(judgeRun(stages('marginal'), [], { strict: true }).exitCode).toBe(1);
    expect(judgeRun(stages('pass'), [], { strict: true }).exitCode).toBe(0);
  });

  it('takes cause, evidence and next action from the first of the worst stages', () => {
    expect(judgeRun(stages('pass', 'fail', 'fail'), [])).toMatchObject({
      cause: 'boot is fail',
      nextAction: 'look at boot',
      evidence: [1],
    });
  });
});
