#!/usr/bin/env node
// From the KiCad project: the bill of materials and the drawings. Needs kicad-cli 9 (and nothing else).
// node schematics/export.mjs [folder]; without a folder: hardware/bom.csv and schematics/drawings/.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ? resolve(process.argv[2]) : undefined;
const drawings = target ? join(target, 'drawings') : join(here, 'drawings');
const bom = target ? join(target, 'bom.csv') : join(here, '..', 'hardware', 'bom.csv');
const scratch = mkdtempSync(join(tmpdir(), 'linkpulse-kicad-'));
const kicad = (...args) =>
  execFileSync('kicad-cli', args, {
    cwd: here,
    env: { ...process.env, HOME: scratch },
    stdio: ['ignore', 'ignore', 'inherit'],
  });

try {
  mkdirSync(drawings, { recursive: true });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: KiCad's own variable
  const columns = ['Reference', '${QUANTITY}', 'Value', 'MPN', 'Manufacturer', 'Rating', 'Package', 'Description'];
  const titles = ['References', 'Quantity', ...columns.slice(2)];
  kicad(
    'sch',
    'export',
    'bom',
    '--fields',
    columns.join(),
    '--labels',
    titles.join(),
    '--group-by',
    'MPN,Value',
    '--ref-range-delimiter',
    '',
    '--sort-field',
    'Reference',
    '-o',
    bom,
    'linkpulse.kicad_sch',
  );
  kicad('sch', 'export', 'svg', '-o', scratch, 'linkpulse.kicad_sch');
  for (const name of readdirSync(scratch).filter((file) => file.endsWith('.svg'))) {
    // The header tells when it was drawn; the drawing itself is the same each time.
    const text = readFileSync(join(scratch, name), 'utf8')
      .replace(/<title>.*?<\/title>\s*/s, '')
      .replace(/\s*<desc>.*?<\/desc>/s, '');
    // A hundredth of a millimetre is enough, and halves the files.
    const short = text.replace(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
    writeFileSync(
      join(drawings, name),
      short
        .replace(/[ \t]+$/gm, '')
        .replace(/\n{2,}/g, '\n')
        .replace(/\s*" \/>\s*<path d="/g, ' ')
        .replace(/\nL/g, 'L'),
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
