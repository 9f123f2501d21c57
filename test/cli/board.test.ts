import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hintsOn } from '../../src/cli/board-list.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { type Invocation, invoke, makeImageBench } from '../helpers/linkpulse.js';
import { ch340, fakeUdev, plugBoard, type SerialThing } from '../helpers/serial-things.js';

const bench = makeImageBench();
afterAll(() => bench.remove());
let udev: ReturnType<typeof fakeUdev>;
const plugged: SerialThing[] = [];
const plug = (serial: string): SerialThing => {
  const thing = plugBoard(serial);
  plugged.push(thing);
  return thing;
};
beforeEach(() => {
  udev = fakeUdev();
});
afterEach(() => {
  udev.remove();
  for (const thing of plugged.splice(0)) thing.close();
});

const board = async (...words: readonly string[]) => {
  const run = invoke(['board', ...words, '--bench', bench.path]);
  return { exitCode: await run.exitCode, stdout: run.stdout(), stderr: run.stderr() };
};
const until = async (run: Invocation, text: RegExp) => {
  for (let tries = 0; tries < 400 && !text.test(run.stdout()); tries += 1) await sleep(systemClock, 50);
  expect(run.stdout()).toMatch(text);
};

describe('linkpulse board', () => {
  it('list: says of two boards with the same ids that only their serial tells them apart', async () => {
    const [one, two] = [plug('LP000042'), plug('LP000043')];
    udev.set([
      { path: one.path, ...ch340 },
      { path: two.path, ...ch340 },
    ]);
    const { stdout, exitCode } = await board('list');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/CH340 \(in many products\) +board LP000042, revision 1, firmware \d+\.\d+, calibrated/);
    expect(stdout).toContain('LP000042 and LP000043 look the same by their ids');
  }, 60_000);

  it('info: takes the only board there is, and refuses to guess between two', async () => {
    const one = plug('LP000042');
    udev.set([{ path: one.path, ...ch340 }]);
    expect((await board('info')).stdout).toContain(`board      LP000042, revision 1, on ${one.path}`);
    udev.set([
      { path: one.path, ...ch340 },
      { path: plug('LP000043').path, ...ch340 },
    ]);
    const refused = await board('info');
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toContain('BOARD_AMBIGUOUS');
    for (const serial of ['LP000042', 'LP000043']) expect(refused.stderr).toContain(`${serial} on /`);
  }, 60_000);

  it('info: says where to look when there is none', async () => {
    const { exitCode, stderr } = await board('info');
    expect(exitCode).toBe(5);
    expect(stderr).toContain('BOARD_NOT_FOUND');
    expect(stderr).toContain('linkpulse board list');
  }, 60_000);

  it('selftest: every check by name, and 0 where none failed', async () => {
    const { exitCode, stdout } = await board('selftest', '--port', 'sim1');
    expect(stdout).toMatch(/^relay pass through +passed$/m);
    expect(stdout).toContain('nothing failed');
    expect(exitCode).toBe(0);
  }, 60_000);

  it('flp: hears the simulated phone loop back, without power', async () => {
    const { exitCode, stdout } = await board('flp', '--port', 'sim1', '--echoes', '3');
    expect(stdout).toMatch(/came back exactly[\s\S]*Discovery \(prestandard\): loopback, 3 of 3/);
    expect(exitCode).toBe(0);
    expect((await board('flp', '--port', 'sim1', '--width', '300')).exitCode).toBe(4);
  }, 60_000);

  it('flp: says of an open line that nothing came back', async () => {
    const one = plug('LP000042');
    const { exitCode, stdout } = await board('flp', '--board', one.path, '--bursts', '8');
    expect(stdout).toMatch(/Discovery \([^)]*\): nothing/);
    expect(exitCode).toBe(5);
  }, 60_000);

  it('off: says which board', async () => {
    const one = plug('LP000042');
    expect((await board('off', '--board', one.path)).stdout).toBe(`board LP000042 on ${one.path}: power is off`);
  }, 60_000);

  it('watch: waits for a board that was unplugged, and knows it under another path', async () => {
    // A number of its own: the path that becomes free may be another test's board a moment later.
    const one = plug('LP000742');
    udev.set([{ path: one.path, ...ch340 }]);
    const watch = invoke(['board', 'watch', '--bench', bench.path]);
    await until(watch, /Board LP000742/);
    one.close();
    udev.set([]);
    await until(watch, /The board is lost[\s\S]*waiting for LP000742 \((BOARD_NOT_FOUND|PORT_BUSY)/);
    const again = plug('LP000742');
    udev.set([
      { path: plug('LP000743').path, ...ch340 },
      { path: again.path, ...ch340 },
    ]);
    await until(watch, new RegExp(`waiting[\\s\\S]*Board LP000742.*\\(${again.path}\\)`));
    watch.child.kill('SIGINT');
    expect(await watch.exitCode).toBe(0);
  }, 90_000);
});

describe('what a person must know before writing a path into a bench file', () => {
  it('is that one serial number answers twice', () => {
    const identity = {
      protocol: 3,
      firmware: '1.2',
      revision: 1,
      serial: 'LP000042',
      resetCause: 'power-on',
      calibratedOn: null,
      profileId: null,
    };
    const look = { isShared: true, kind: 'board', identity } as const;
    expect(
      hintsOn([
        { ...look, path: '/dev/ttyUSB0', name: 'CH340', score: 10 },
        { ...look, path: '/dev/ttyUSB1', name: 'CP210x', score: 10 },
      ]),
    ).toEqual([
      'LP000042 answers on /dev/ttyUSB0 and /dev/ttyUSB1: two boards of one serial number cannot be told apart',
    ]);
  });
});
