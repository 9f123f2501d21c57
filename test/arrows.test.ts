import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const planted: string[] = [];

/** Plants a file in a room, lints it, and tells what the arrow rule says. */
const lintPlanted = (room: string, source: string) => {
  const path = `${root}src/${room}/planted-by-a-test.ts`;
  planted.push(path);
  writeFileSync(path, source);
  const run = spawnSync('npx', ['biome', 'lint', '--only=style/noRestrictedImports', path], {
    cwd: root,
    encoding: 'utf8',
  });
  return { refused: run.status !== 0, text: run.stdout + run.stderr };
};

afterEach(() => {
  for (const path of planted.splice(0)) rmSync(path, { force: true });
});

const forbidden: readonly (readonly [room: string, imported: string])[] = [
  ['wire', '../board/injector.js'],
  ['stages', '../records/record.js'],
  ['stages', '../wire/cdp.js'],
  ['observe', '../network/packet-link.js'],
  ['decode', '../observe/observer.js'],
  ['services', '../decode/decoder.js'],
  ['services', '../os/epoll.js'],
  ['bench', '../board/serial-injector.js'],
  ['bench', '../sim/launch.js'],
  ['sim', '../plan/plan.js'],
  ['cli', '../sim/launch.js'],
  ['cli', '../doctor/examine.js'],
  ['plan', '../stages/judge.js'],
  ['timeline', '../wire/cdp.js'],
];
const allowed: readonly (readonly [room: string, imported: string])[] = [
  ['bench', '../board/injector.js'],
  ['observe', '../wire/cdp.js'],
  ['sim', '../os/pty.js'],
  ['cli', '../bench/runner.js'],
  ['cli', '../decode/decode-file.js'],
  ['decode', '../wire/cdp.js'],
  ['cli', '../doctor/finding.js'],
  ['wire', '../timeline/events.js'],
];

describe('the arrows between rooms', () => {
  it.each(forbidden)('forbid %s to import %s', (room, imported) => {
    const { refused, text } = lintPlanted(room, `import * as it from '${imported}';\n\nexport const planted = it;\n`);
    expect(refused).toBe(true);
    expect(text).toContain('noRestrictedImports');
  });

  it.each(allowed)('allow %s to import %s', (room, imported) => {
    const { refused, text } = lintPlanted(room, `import * as it from '${imported}';\n\nexport const planted = it;\n`);
    expect(text).not.toContain('noRestrictedImports');
    expect(refused).toBe(false);
  });

  it('let time in through one file only', () => {
    const files = spawnSync(
      'grep',
      ['-rlE', '\\b(setTimeout|setInterval|Date\\.now|performance\\.now|hrtime)\\b', 'src', '--include=*.ts'],
      { cwd: root, encoding: 'utf8' },
    ).stdout.trim();
    const users = files.split('\n').filter((file) => {
      const code = readFileSync(root + file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      return /\b(setTimeout|setInterval|Date\.now|performance\.now|hrtime)\b/.test(code);
    });
    expect(users).toEqual(['src/timeline/clock.ts']);
  });
});
