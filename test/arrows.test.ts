import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

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
  ['http', '../station/log.js'],
  ['fleet', '../station/log.js'],
  ['bench', '../http/tokens.js'],
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
  ['fleet', '../http/tokens.js'],
];

const pairs = [...forbidden, ...allowed];
const plantedIn = (room: string, index: number) => `src/${room}/planted-by-a-test-${index}.ts`;

/** Plants a file for each pair, lints all of them at once, and tells which the arrow rule refused. */
const refusedOnes = (): ReadonlySet<string> => {
  const files = pairs.map(([room], index) => plantedIn(room, index));
  try {
    for (const [index, [room, imported]] of pairs.entries())
      writeFileSync(
        root + plantedIn(room, index),
        `import * as it from '${imported}';\n\nexport const planted = it;\n`,
      );
    const { stdout } = spawnSync(
      'npx',
      ['biome', 'lint', '--only=style/noRestrictedImports', '--reporter=github', '--max-diagnostics=none', ...files],
      { cwd: root, encoding: 'utf8' },
    );
    return new Set(
      [...stdout.matchAll(/title=lint\/style\/noRestrictedImports,file=([^,]+)/g)].map(([, file = '']) =>
        file.replace(root, ''),
      ),
    );
  } finally {
    for (const file of files) rmSync(root + file, { force: true });
  }
};

describe('the arrows between rooms', () => {
  let refused: ReadonlySet<string>;
  beforeAll(() => {
    refused = refusedOnes();
  });

  it.each(forbidden)('forbid %s to import %s', (room, imported) => {
    const index = pairs.findIndex((pair) => pair[0] === room && pair[1] === imported);
    expect(refused).toContain(plantedIn(room, index));
  });

  it.each(allowed)('allow %s to import %s', (room, imported) => {
    const index = pairs.findIndex((pair) => pair[0] === room && pair[1] === imported);
    expect(refused).not.toContain(plantedIn(room, index));
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
