import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Control, startControl } from '../../src/sim/control.js';
import { attachSimulator } from '../../src/sim/launch.js';
import { systemClock } from '../../src/timeline/clock.js';

let directory: string;
let path: string;
let control: Control;
let pulls: number;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'linkpulse-control-'));
  path = join(directory, 'control.sock');
  pulls = 0;
  control = await startControl(path, {
    status: () => ({ pid: 1, ptyPath: '/dev/pts/9', witnessPath: '/w' }),
    unplug: () => {
      pulls++;
      return { pulls };
    },
    pick: ({ what }) => {
      if (typeof what !== 'string') throw new Error('pick wants what');
      return { picked: what };
    },
  });
});
afterEach(() => {
  control.close();
  rmSync(directory, { recursive: true });
});

const ask = (text: string, answers: number): Promise<Record<string, unknown>[]> =>
  new Promise((resolve, reject) => {
    const socket = connect(path);
    let heard = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      const lines = heard.split('\n').slice(0, -1);
      if (lines.length < answers) return;
      socket.destroy();
      resolve(lines.map((line) => JSON.parse(line)));
    });
    socket.write(text);
  });

describe('the control socket of the simulator', () => {
  it('answers each line in order', async () => {
    const answers = await ask('{"command":"unplug"}\n{"command":"unplug"}\n', 2);
    expect(answers).toEqual([
      { ok: true, pulls: 1 },
      { ok: true, pulls: 2 },
    ]);
  });

  it.each([['nonsense'], ['{"command":"toString"}'], ['null'], ['{}']])('refuses %s and goes on', async (line) => {
    const answers = await ask(`${line}\n{"command":"status"}\n`, 2);
    expect(answers.map(({ ok }) => ok)).toEqual([false, true]);
    expect(pulls).toBe(0);
  });

  it('hands a command what stands beside its name, and says why one made no sense', async () => {
    const answers = await ask('{"command":"pick","what":"a"}\n{"command":"pick"}\n', 2);
    expect(answers).toEqual([
      { ok: true, picked: 'a' },
      { ok: false, error: 'pick wants what' },
    ]);
  });

  it('hangs up on a line without end', async () => {
    const socket = connect(path);
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write('x'.repeat(10_000));
    await closed;
    expect((await ask('{"command":"status"}\n', 1))[0]).toMatchObject({ ok: true });
  });

  it('lets a later process find the simulator again, and tells a failed command', async () => {
    const handle = await attachSimulator(path, systemClock);
    expect(handle).toMatchObject({ pid: 1, ptyPath: '/dev/pts/9', witnessPath: '/w' });
    await expect(handle?.command('unplug')).resolves.toEqual({ ok: true, pulls: 1 });
    await expect(handle?.command('fly')).rejects.toMatchObject({ code: 'SIMULATOR_FAILED' });
    expect(await attachSimulator(join(directory, 'nobody.sock'), systemClock)).toBeUndefined();
  });
});
