import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Figure, measureFigures } from './figures-measure.js';
import { playInAvr8js, playInSimavr } from './figures-stimulus.js';

const hardware = fileURLToPath(new URL('../../hardware/', import.meta.url));
const page = join(hardware, 'README.md');
const strict = process.env.LINKPULSE_STRICT === '1';
/** Set to write the table anew instead of comparing. */
const rewrite = process.env.LINKPULSE_WRITE_FIGURES === '1';
const simavrIsThere = existsSync('/usr/include/simavr/sim_avr.h') && spawnSync('cc', ['--version']).status === 0;
const limitMs = 120_000;

const columns = ['figure', 'limit', 'avr8js', 'simavr'] as const;
type Row = Readonly<Record<(typeof columns)[number], string>>;
const [opening, closing] = ['<!-- figures: written by the test -->\n\n', '\n<!-- figures end -->'] as const;

const tableOf = (text: string): string => text.split(opening)[1]?.split(closing)[0] ?? '';
const readRows = (): Row[] =>
  tableOf(readFileSync(page, 'utf8'))
    .split('\n')
    .slice(2)
    .filter((line) => line.startsWith('|'))
    .map((line) => {
      const [, figure = '', limit = '', avr8js = '', simavr = ''] = line.split('|').map((cell) => cell.trim());
      return { figure, limit, avr8js, simavr };
    });
const writeRows = (rows: readonly Row[]): void => {
  const width = (column: (typeof columns)[number]): number =>
    Math.max(column.length, ...rows.map((row) => row[column].length));
  const line = (cells: (column: (typeof columns)[number]) => string): string =>
    `| ${columns.map((column) => cells(column).padEnd(width(column))).join(' | ')} |`;
  const table = [
    line((column) => column),
    line((column) => '-'.repeat(width(column))),
    ...rows.map((row) => line((column) => row[column])),
  ];
  const text = readFileSync(page, 'utf8');
  writeFileSync(page, text.replace(tableOf(text), `${table.join('\n')}\n`));
};

/** Compares with one column of the page, or writes it. */
const holds = (figures: readonly Figure[], column: 'avr8js' | 'simavr'): void => {
  for (const { name, value, limit, unit } of figures) {
    expect.soft(value, `${name}, ${unit}`).toBeLessThanOrEqual(limit);
  }
  const rows = readRows();
  const measured = figures.map(({ name, limit, unit, value }) => ({
    figure: name,
    limit: limit === 0 ? `0 ${unit}` : `<= ${limit} ${unit}`,
    [column]: `${value} ${unit}`,
  }));
  if (rewrite) {
    writeRows(
      measured.map((row) => {
        const before = rows.find(({ figure }) => figure === row.figure);
        return { avr8js: '', simavr: '', ...before, ...row };
      }),
    );
    return;
  }
  expect(
    measured,
    'hardware/README.md differs; LINKPULSE_WRITE_FIGURES=1 npx vitest run test/hardware/figures.test.ts writes it',
  ).toEqual(rows.map((row) => ({ figure: row.figure, limit: row.limit, [column]: row[column] })));
};

describe('the protection figures in hardware/README.md', () => {
  let build: string | undefined;
  afterAll(() => {
    if (build !== undefined) rmSync(build, { recursive: true });
  });

  it('are what the committed firmware does in avr8js', { timeout: limitMs }, () => {
    holds(measureFigures(playInAvr8js), 'avr8js');
  });

  it('are what it does in simavr (needs libsimavr-dev, libelf-dev, gcc, make)', { timeout: limitMs }, (context) => {
    if (!simavrIsThere && !strict) {
      context.skip('simavr is not installed (Debian: libsimavr-dev, libelf-dev, gcc, make)');
    }
    build = mkdtempSync(join(tmpdir(), 'linkpulse-simavr-'));
    const harness = join(build, 'linkpulse-simavr');
    const made = spawnSync('make', ['-s', '-C', join(hardware, 'simavr'), `OUT=${harness}`], { encoding: 'utf8' });
    expect(made.status, made.stderr).toBe(0);
    holds(measureFigures(playInSimavr(harness)), 'simavr');
  });
});
