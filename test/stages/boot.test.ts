import { describe } from 'vitest';
import { itJudges } from './rows.js';
import { linkDown, linkUp, powerOff, toBoot, toPower } from './story.js';

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
