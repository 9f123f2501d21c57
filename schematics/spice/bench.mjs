// Runs a deck in ngspice: writes the parameters of one corner before the deck's text, reads back what it measured.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const TIME_LIMIT_MS = 120_000;

/** Component values by name, nominal. */
export const readValues = async () => {
  const { values } = JSON.parse(await readFile(join(folder, 'values.json'), 'utf8'));
  return values;
};

const parameterLines = (parameters) =>
  Object.entries(parameters)
    .map(([name, value]) => `.param ${name}=${value}`)
    .join('\n');

/**
 * Runs `decks/<deck>.cir` once. `parameters` override values.json and the deck's own `* default` lines; `temperatureC` is
 * the ambient. Every `$NAME$` in the deck is replaced from `words` (structure, such as which cable).
 * Gives the figures by name (failed ones are NaN) and, with `keepTraces`, the columns the deck wrote.
 */
export const runDeck = async (deck, { parameters = {}, words = {}, temperatureC = 25, keepTraces = false } = {}) => {
  const values = await readValues();
  const nominal = Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]));
  const source = await readFile(join(folder, 'decks', `${deck}.cir`), 'utf8');
  const own = Object.fromEntries([...source.matchAll(/^\* default (\w+)=(\S+)/gm)].map((found) => [found[1], found[2]]));
  for (const name of Object.keys(parameters)) {
    if (!(name in own) && !(name in nominal)) throw new Error(`${deck}: no value is named ${name}`);
  }
  const directory = await mkdtemp(join(tmpdir(), 'linkpulse-spice-'));
  try {
    const [title, ...rest] = source.split('\n');
    const text = [
      title,
      parameterLines({ ...nominal, ...own, ...parameters, T_ambient: temperatureC }),
      `.include ${join(folder, 'models.lib')}`,
      `.include ${join(folder, 'cable.lib')}`,
      `.options temp=${temperatureC}`,
      ...rest,
    ]
      .join('\n')
      .replace(/\$(\w+)\$/g, (_, word) => {
        if (!(word in words)) throw new Error(`${deck}: nothing given for $${word}$`);
        return words[word];
      });
    await writeFile(join(directory, 'deck.cir'), text);
    const output = await ngspice(directory);
    const figures = {};
    for (const [, name, value] of output.matchAll(/^(\w+)\s+=\s+(\S+)/gm)) figures[name] = Number(value);
    for (const [, name] of output.matchAll(/measure\s+(\w+)\s+.*failed/gi)) figures[name.toLowerCase()] ??= Number.NaN;
    if (process.env.SPICE_DEBUG) console.log(output.slice(-3000));
    if (Object.keys(figures).length === 0) throw new Error(`${deck}: ngspice measured nothing:\n${output.slice(-2000)}`);
    return { figures, traces: keepTraces ? await readTraces(join(directory, 'traces.dat')) : undefined };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const ngspice = (directory) =>
  new Promise((resolve, reject) => {
    // Without a start-up file of the machine or the user: a deck must give the same everywhere.
    execFile('ngspice', ['-n', '-b', 'deck.cir'], { cwd: directory, timeout: TIME_LIMIT_MS, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      const output = `${stdout}\n${stderr}`;
      if (error && !/ = /.test(stdout)) reject(new Error(`ngspice: ${error.message}\n${output.slice(-3000)}`));
      else resolve(output);
    });
  });

/** wrdata with `set wr_singlescale`: the scale first, then a column for each vector. */
const readTraces = async (path) => {
  const rows = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return rows[0].map((_, column) => rows.map((row) => row[column]));
};
