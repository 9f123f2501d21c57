#!/usr/bin/env node
// Writes the KiCad project of the injector board: one .kicad_sch for each sheet, the symbol library and the project files.
// node schematics/generate.mjs [folder]; the default is this folder.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawRoot, ROOT } from './generator/root.mjs';
import { Sheet, stableUuid } from './generator/sheet.mjs';
import { afDetection } from './generator/sheets/af-detection.mjs';
import { eStop } from './generator/sheets/e-stop.mjs';
import { flpFrontEnd } from './generator/sheets/flp-front-end.mjs';
import { furniture } from './generator/sheets/furniture.mjs';
import { hotSwap } from './generator/sheets/hot-swap.mjs';
import { mcu } from './generator/sheets/mcu.mjs';
import { piHeader } from './generator/sheets/pi-header.mjs';
import { polarityAndPairs } from './generator/sheets/polarity-and-pairs.mjs';
import { supplyAndBarrier } from './generator/sheets/supply-and-barrier.mjs';
import { symbolNames, symbolText } from './generator/symbols.mjs';
import './generator/symbols-board.mjs';
import './generator/symbols-isolation.mjs';
import './generator/symbols-relays.mjs';

const folder = resolve(process.argv[2] ?? dirname(fileURLToPath(import.meta.url)));
mkdirSync(folder, { recursive: true });
const write = (name, text) => writeFileSync(join(folder, name), text);

const rootUuid = stableUuid('root');
const pages = [piHeader, eStop, supplyAndBarrier, mcu, flpFrontEnd, hotSwap, polarityAndPairs, afDetection, furniture];
const places = {};
for (const page of pages) {
  const block = stableUuid(`block ${page.name}`);
  places[page.name] = { uuid: block, file: `${page.name}.kicad_sch`, page: page.number + 1 };
  const sheet = new Sheet({
    ...page,
    title: `${page.title} - injector board`,
    uuid: stableUuid(`file ${page.name}`),
    path: `/${rootUuid}/${block}`,
    paper: page.paper ?? 'A3',
  });
  page.draw(sheet);
  write(`${page.name}.kicad_sch`, sheet.text());
}
const root = new Sheet({ ...ROOT, uuid: rootUuid, path: `/${rootUuid}` });
drawRoot(root, places);
write('linkpulse.kicad_sch', root.text({ root: true }));

write(
  'linkpulse.kicad_sym',
  `(kicad_symbol_lib (version 20241209) (generator "linkpulse") (generator_version "9.0")\n${symbolNames()
    .map((name) => symbolText(name))
    .join('\n')}\n)\n`,
);
write(
  'sym-lib-table',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: KiCad's own variable
  '(sym_lib_table\n  (version 7)\n  (lib (name "linkpulse")(type "KiCad")(uri "${KIPRJMOD}/linkpulse.kicad_sym")(options "")(descr "The board\'s own symbols"))\n)\n',
);
write(
  'linkpulse.kicad_pro',
  `${JSON.stringify({ meta: { filename: 'linkpulse.kicad_pro', version: 3 }, schematic: { legacy_lib_dir: '', legacy_lib_list: [] }, sheets: [[rootUuid, 'Root'], ...pages.map((p) => [places[p.name].uuid, p.name])], text_variables: {} }, null, 2)}\n`,
);
