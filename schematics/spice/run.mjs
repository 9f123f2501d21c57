// Runs every deck in every scenario, prints the figures and draws schematics/spice/plots/*.svg. `node schematics/spice/run.mjs [deck ...]`
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readDesign, runDeck } from './bench.mjs';
import { drawPlot } from './plot.mjs';
import { scenarios } from './scenarios.mjs';

const { values } = await readDesign();
const threshold =
  (values.V_ref.value * values.R_threshold.value) / (2 * values.R_threshold.value + values.R_threshold_top.value);

/** What is drawn: lines name a scenario and a column of its deck's traces. */
const plots = {
  cable: {
    title: 'Loss of the cable model, 100 m (Category 5e at 10 MHz: 6.47 dB)',
    timeLabel: 'MHz',
    timeScale: 1e-6,
    from: 0,
    to: 16,
    panels: [
      {
        label: 'insertion loss, dB',
        lines: [
          ['model, 20 C', '20 C', 1, -1],
          ['category limit', 'limit', 1, 1],
        ],
      },
    ],
  },
  echo: {
    title: 'Echo of 125 ns, 250 ns, 500 ns and 1 us pulses at the comparators',
    timeLabel: 'us',
    timeScale: 1e6,
    from: 0,
    to: 60,
    panels: [
      {
        label: 'relay phone, V',
        lines: [
          ['1 m', 'relay, 1 m', 2],
          ['200 m', 'relay, 200 m', 2],
          ['200 m, weak', 'relay, 200 m, weak', 2],
        ],
        marks: [{ level: threshold, name: 'threshold' }],
      },
      {
        label: 'filter phone, 500 kHz (assumed), V',
        lines: [
          ['1 m', 'filter, 1 m', 2],
          ['200 m, weak', 'filter, 200 m, weak', 2],
        ],
        marks: [{ level: threshold, name: 'threshold' }],
      },
      {
        label: 'no phone, V',
        lines: [
          ['1 m, strong', 'no phone, 1 m, strong', 2],
          ['100 m, strong', 'no phone, 100 m, strong', 2],
        ],
        marks: [{ level: threshold / 2, name: 'half the threshold' }],
      },
    ],
  },
  loopback: {
    title: 'Loopback on the board: 125 ns, 250 ns, 500 ns and 1 us pulses at the comparators',
    timeLabel: 'us',
    timeScale: 1e6,
    from: 0,
    to: 60,
    panels: [
      {
        label: 'selected, V',
        lines: [
          ['weak', 'selected, weak, 50 C', 2],
          ['strong', 'selected, strong, 0 C', 2],
        ],
        marks: [{ level: threshold, name: 'threshold' }],
      },
      {
        label: 'not selected, V',
        lines: [['strong', 'not selected, strong', 2]],
        marks: [{ level: threshold / 2, name: 'half the threshold' }],
      },
    ],
  },
  class: {
    title: 'Class source, 57 V: 75 ms from 5 ms on',
    timeLabel: 'ms',
    timeScale: 1e3,
    from: 0,
    to: 100,
    panels: [
      {
        label: 'jack, V',
        lines: [
          ['open, highest', 'open, 57 V, highest, 50 C', 1],
          ['45 mA, lowest', '45 mA, 57 V, lowest, 0 C', 1],
          ['short', 'short, 57 V, highest, 0 C', 1],
        ],
      },
      {
        label: 'current, A',
        lines: [
          ['45 mA, lowest', '45 mA, 57 V, lowest, 0 C', 2],
          ['short', 'short, 57 V, highest, 0 C', 2],
        ],
      },
      { label: 'power in the FET, W', lines: [['short', 'short, 57 V, highest, 0 C', 3]] },
    ],
  },
  alive: {
    title: 'UART_TX floats from 60 ms on: the registers are cleared',
    timeLabel: 'ms',
    timeScale: 1e3,
    from: 40,
    to: 90,
    panels: [
      {
        label: 'ALIVE, V',
        lines: [
          ['nominal', 'nominal', 1],
          ['shortest', 'shortest, 0 C', 1],
          ['longest', 'longest, 50 C', 1],
        ],
      },
    ],
  },
  inrush: {
    title: 'Inrush at 57 V',
    timeLabel: 'ms',
    timeScale: 1e3,
    from: 0,
    to: 80,
    panels: [
      {
        label: 'port current, A',
        lines: [
          ['180 uF', '180 uF', 1],
          ['470 uF', '470 uF', 1],
        ],
      },
      {
        label: 'jack, V',
        lines: [
          ['180 uF', '180 uF', 2],
          ['470 uF', '470 uF', 2],
        ],
      },
      {
        label: 'power in the switch, W',
        lines: [
          ['180 uF', '180 uF', 3],
          ['470 uF', '470 uF', 3],
        ],
      },
    ],
  },
  short: {
    title: 'Short at the end of the cable, 57 V (at 0)',
    timeLabel: 'us',
    timeScale: 1e6,
    offset: 5e-3,
    from: -1,
    to: 9,
    panels: [
      {
        label: 'current, A',
        lines: [
          ['1 m', '1 m', 1],
          ['100 m', '100 m', 1],
          ['1 m, slowest', '1 m, slowest, 50 C', 1],
        ],
      },
      {
        label: 'gate, V',
        lines: [
          ['1 m', '1 m', 2],
          ['100 m', '100 m', 2],
          ['1 m, slowest', '1 m, slowest, 50 C', 2],
        ],
      },
      {
        label: 'latch, V',
        lines: [
          ['1 m', '1 m', 4],
          ['100 m', '100 m', 4],
        ],
      },
    ],
  },
  turnoff: {
    title: 'Off: jack and gate (cause at 0)',
    timeLabel: 'ms',
    timeScale: 1e3,
    offset: 40e-3,
    from: -5,
    to: 110,
    panels: [
      {
        label: 'jack, V',
        lines: [
          ['worst port', 'command, worst', 1],
          ['own capacitor', 'own capacitor only', 1],
        ],
        marks: [{ level: 2.8, name: '2.8 V' }],
      },
    ],
  },
  estop: {
    deck: 'turnoff',
    title: 'E-stop opens at 0, MCU still commanding on',
    timeLabel: 'ms',
    timeScale: 1e3,
    offset: 40e-3,
    from: -0.2,
    to: 1.4,
    panels: [
      {
        label: 'slowest corner, V',
        lines: [
          ['gate', 'e-stop, slowest, 50 C', 2],
          ['gate supply', 'e-stop, slowest, 50 C', 3],
        ],
      },
    ],
  },
  pins: {
    title: 'All pins high impedance: the gate while supplies arrive (57 V in 1 us at 10 ms)',
    timeLabel: 'ms',
    timeScale: 1e3,
    from: 0,
    to: 55,
    panels: [
      {
        label: 'gate, V',
        lines: [
          ['no gate supply', 'no gate supply, 50 C', 1],
          ['creeping supply', 'gate supply creeps up, 50 C', 1],
        ],
        marks: [{ level: 1.85, name: 'lowest threshold' }],
      },
      { label: 'gate supply, V', lines: [['creeping', 'gate supply creeps up, 50 C', 2]] },
    ],
  },
  pump: {
    title: 'Charge pump: last edge at 45 ms',
    timeLabel: 'ms',
    timeScale: 1e3,
    from: 0,
    to: 80,
    panels: [
      {
        label: 'hold capacitor, V',
        lines: [
          ['nominal', 'nominal', 1],
          ['longest', 'longest, 50 C', 1],
          ['shortest', 'shortest, 0 C', 1],
        ],
      },
      {
        label: 'gate of Q_off, V (high holds the switch off)',
        lines: [
          ['nominal', 'nominal', 2],
          ['longest', 'longest, 50 C', 2],
          ['shortest', 'shortest, 0 C', 2],
        ],
      },
    ],
  },
  signature: {
    title: 'Detection behind a silicon bridge, 25 C',
    timeLabel: 'ms',
    timeScale: 1e3,
    from: 0,
    to: 120,
    panels: [
      {
        label: 'jack, V',
        lines: ['15', '19', '26.5', '33'].map((kilohms) => [`${kilohms} kohm`, `${kilohms} kohm`, 2]),
      },
      {
        label: 'current, mA',
        lines: ['15', '19', '26.5', '33'].map((kilohms) => [`${kilohms} kohm`, `${kilohms} kohm`, 3]),
      },
    ],
  },
};

/** The category's formula, as a scenario of its own beside the model. */
const categoryLimit = () => {
  const frequencies = Array.from({ length: 80 }, (_, at) => (at + 1) * 0.25e6);
  const loss = frequencies.map((hertz) => {
    const megahertz = hertz / 1e6;
    return 1.967 * Math.sqrt(megahertz) + 0.023 * megahertz + 0.05 / Math.sqrt(megahertz);
  });
  return [frequencies, loss];
};

const wanted = process.argv.slice(2);
const folder = fileURLToPath(new URL('plots/', import.meta.url));
await mkdir(folder, { recursive: true });
const results = {};
for (const [deck, list] of Object.entries(scenarios)) {
  if (wanted.length > 0 && !wanted.includes(deck)) continue;
  results[deck] = deck === 'cable' ? { limit: categoryLimit() } : {};
  for (const { name, ...scenario } of list) {
    const { figures, traces } = await runDeck(deck, { ...scenario, keepTraces: true });
    results[deck][name] = traces;
    const shown = Object.entries(figures).map(([figure, value]) => `${figure}=${Number(value.toPrecision(4))}`);
    console.log(`${deck}: ${name}: ${shown.join(' ')}`);
  }
}
for (const [file, { deck = file, offset = 0, panels, ...plot }] of Object.entries(plots)) {
  if (results[deck] === undefined) continue;
  const svg = drawPlot({
    ...plot,
    panels: panels.map((panel) => ({
      ...panel,
      lines: panel.lines.map(([name, scenario, column, factor = 1]) => ({
        name,
        times: results[deck][scenario][0].map((time) => time - offset),
        levels: results[deck][scenario][column].map((level) => level * factor),
      })),
    })),
  });
  await writeFile(`${folder}${file}.svg`, svg);
}
