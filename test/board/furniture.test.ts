import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { nextPress, startButtonRequest } from '../../src/board/start-button.js';
import { createMockedGpio } from '../../src/testing.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { makeImageBench, quickPlan, runJson } from '../helpers/linkpulse.js';

const bench = makeImageBench();
afterAll(() => bench.remove());

/** What the real firmware put on its shift registers, as the simulator saw it, while the run went. */
const lampsOf = (witness: string) =>
  readFileSync(witness, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"register"'))
    .map((line) => JSON.parse(line) as { name: string; on: boolean })
    .filter(({ name }) => ['LAMP_GREEN', 'LAMP_RED', 'BUZZER'].includes(name))
    .map(({ name, on }) => `${name} ${on ? 'on' : 'off'}`);

const runWatched = async (faults: readonly string[]) => {
  let watching: { cancel(): void } | undefined;
  let lamps: string[] = [];
  // The simulator takes its witness file along when it goes.
  await runJson(
    ['run', '--no-station', '--bench', bench.path, '--port', 'sim1', '--plan', quickPlan, ...faults],
    (_, __, started) => {
      const path = started?.simulator?.witnessPath;
      if (path === undefined) return;
      watching ??= systemClock.every(50, () => {
        try {
          lamps = lampsOf(path);
        } catch {}
      });
    },
  );
  watching?.cancel();
  return lamps;
};

describe('the bench’s furniture on the board', () => {
  it('lights green and sounds once for a phone that passes', async () => {
    expect(await runWatched([])).toEqual(['LAMP_GREEN on', 'BUZZER on', 'BUZZER off']);
  }, 60_000);

  it('lights red for one that does not', async () => {
    const lamps = await runWatched(['--fault', 'short-circuit']);
    expect(lamps[0]).toBe('LAMP_RED on');
    expect(lamps).not.toContain('LAMP_GREEN on');
    expect(lamps.filter((lamp) => lamp === 'BUZZER on').length).toBeGreaterThan(1);
  }, 60_000);
});

describe('the start button', () => {
  it('counts when it goes down, not while it is held', async () => {
    const chip = createMockedGpio(systemClock);
    const { line } = startButtonRequest.lines.START_BUTTON;
    chip.drive(line, false);
    let pressed = 0;
    const lines = chip.open(startButtonRequest);
    const press = nextPress(lines, new AbortController().signal).then(() => {
      pressed += 1;
    });
    await sleep(systemClock, 20);
    chip.drive(line, true);
    await sleep(systemClock, 20);
    expect(pressed).toBe(0);
    chip.drive(line, false);
    await press;
    lines.close();
    expect(chip.consumer(line)).toBeUndefined();
  });

  it('is not waited for any longer when somebody ends it', async () => {
    const ended = new AbortController();
    const lines = createMockedGpio(systemClock).open(startButtonRequest);
    const press = nextPress(lines, ended.signal);
    ended.abort(new Error('SIGINT'));
    await expect(press).rejects.toThrow('SIGINT');
  });
});
