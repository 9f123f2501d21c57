import { describe, expect, it } from 'vitest';
import { itJudges } from './rows.js';
import { samplePlan } from './sample-plan.js';
import {
  current,
  inrush,
  linkDown,
  linkUp,
  measurementOf,
  powerOff,
  powerOn,
  resultOf,
  tell,
  toBoot,
  toPower,
} from './story.js';

describe('the judge of boot', () => {
  itJudges('boot', [
    {
      title: 'no link within the allowance fails the boot',
      lines: toPower,
      verdict: 'fail',
      cause: /did not come up within 10000 ms/,
      exit: 1,
      endMs: 11_000,
    },
    {
      title: 'the board’s own link deadline fails the boot and is no safety trip',
      lines: [...toPower, [700, powerOff('LINK_DEADLINE')]],
      verdict: 'fail',
      cause: /did not come up/,
      exit: 1,
    },
    {
      title: 'a link that stays away after it was lost fails the boot',
      lines: [...toBoot, [4000, linkDown]],
      verdict: 'fail',
      cause: /lost and did not come back/,
      exit: 1,
      endMs: 15_000,
    },
    {
      title: 'more losses of link than the plan allows are a reboot loop',
      lines: [...toBoot, [4000, linkDown], [5000, linkUp], [6000, linkDown]],
      verdict: 'fail',
      cause: /reboots again and again/,
      exit: 1,
    },
    {
      title: 'own frames that come back over a link are a loop, and the operator’s',
      lines: [...toPower, [3000, linkUp], [3001, { kind: 'own-frame-returned' }]],
      verdict: 'error',
      blame: 'operator',
      cause: /Our own frames came back/,
      exit: 5,
    },
  ]);
});

describe('the figures of boot', () => {
  const bootOf = (lines: Parameters<typeof tell>[1]) => resultOf(tell(samplePlan, lines), 'boot');

  it('leave the charging of the capacitors out of the peak', () => {
    const boot = bootOf([
      [100, powerOn],
      [190, current(425)],
      [200, inrush(425, 20)],
      [300, current(100)],
      [400, current(150)],
      [500, linkUp],
      [900, powerOff('COMMANDED')],
    ]);
    expect(measurementOf(boot, 'boot.peakMilliwatts')?.value).toBe(7200);
  });

  it('count a loss of link, but not the one that goes with the power', () => {
    const lines = (lossMs: number) =>
      bootOf([
        [100, powerOn],
        [200, inrush()],
        [500, linkUp],
        [lossMs, linkDown],
        [2000, powerOff('COMMANDED')],
      ]);
    expect(measurementOf(lines(1990), 'boot.linkDrops')?.value).toBe(0);
    expect(measurementOf(lines(1000), 'boot.linkDrops')?.value).toBe(1);
  });
});
