import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lockPort } from '../../src/bench/port-lock.js';
import { isBenchError } from '../../src/errors.js';
import { root } from '../helpers/linkpulse.js';

const lockModule = pathToFileURL(`${root}dist/bench/port-lock.js`).href;
const boardPath = () => `/dev/serial/${randomUUID()}`;

describe('the lock of a board', () => {
  it('keeps a second owner out and names the first', () => {
    const path = boardPath();
    const lock = lockPort(path);
    const other = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `import { lockPort } from '${lockModule}'; lockPort('${path}');`],
      { encoding: 'utf8' },
    );
    expect(other.status).not.toBe(0);
    expect(other.stderr).toContain(`belongs to process ${process.pid}`);
    lock.release();
    lockPort(path).release();
  });

  it('is taken over when its owner has died', () => {
    const path = boardPath();
    const owner = spawnSync(process.execPath, [
      '--input-type=module',
      '-e',
      `import { lockPort } from '${lockModule}'; lockPort('${path}'); process.kill(process.pid, 'SIGKILL');`,
    ]);
    expect(owner.signal).toBe('SIGKILL');
    lockPort(path).release();
  });

  it('tells who is busy with a code of its own', () => {
    const path = boardPath();
    const lock = lockPort(path);
    try {
      lockPort(path);
      expect.unreachable();
    } catch (error) {
      expect(isBenchError(error) && error.code).toBe('PORT_BUSY');
    } finally {
      lock.release();
    }
  });
});
