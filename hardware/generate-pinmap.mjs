// Writes the files that follow from hardware/pinmap.json, the only home of pin numbers: the firmware's header and the
// simulator's table. `--check` writes nothing and ends with 1 when one of them is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = new URL('./', import.meta.url);
const source = new URL('pinmap.json', here);

/** Names of the wrong in a pin map: a pin, a name or an Arduino number used twice, a number that fits no other. */
export const pinmapErrors = ({ pins }) => {
  const errors = [];
  for (const [what, key] of [
    ['port bit', (pin) => `P${pin.port}${pin.bit}`],
    ['name', (pin) => pin.name],
    ['Arduino number', (pin) => String(pin.arduino)],
    ['ADC channel', (pin) => (pin.analog === undefined ? undefined : String(pin.analog))],
  ]) {
    const seen = new Map();
    for (const pin of pins) {
      const value = key(pin);
      if (value === undefined) continue;
      if (seen.has(value)) errors.push(`${what} ${value} is used twice: ${seen.get(value)} and ${pin.name}`);
      seen.set(value, pin.name);
    }
  }
  const firstOfPort = { D: 0, B: 8, C: 14 };
  for (const pin of pins) {
    if (firstOfPort[pin.port] + pin.bit !== pin.arduino) {
      errors.push(`${pin.name}: P${pin.port}${pin.bit} is not Arduino pin ${pin.arduino}`);
    }
    if (pin.guarded === (pin.direction === 'free')) errors.push(`${pin.name}: guarded and free exclude each other`);
  }
  return errors;
};

const modes = { digital: 'PIN_DIGITAL', analog: 'PIN_ANALOG' };

const header = ({ pins, clockHertz }) => {
  const lines = [
    '/* Generated from hardware/pinmap.json by `npm run pinmap`. Do not edit. */',
    '#pragma once',
    '#include <avr/io.h>',
    '',
    `#define F_CPU ${clockHertz}UL`,
    '',
  ];
  for (const pin of pins) {
    lines.push(
      `/* ${pin.use} */`,
      `#define ${pin.name}_PORT PORT${pin.port}`,
      `#define ${pin.name}_PIN PIN${pin.port}`,
      `#define ${pin.name}_DDR DDR${pin.port}`,
      `#define ${pin.name}_BIT ${pin.bit}`,
      ...(pin.analog === undefined ? [] : [`#define ${pin.name}_CHANNEL ${pin.analog}`]),
    );
  }
  lines.push(
    '',
    '/* Bits of each port that belong to the power guard: the host can neither set nor read them by Firmata. */',
    ...['B', 'C', 'D'].map((port) => {
      const mask = pins
        .filter((pin) => pin.guarded && pin.port === port)
        .reduce((bits, pin) => bits | (1 << pin.bit), 0);
      return `#define GUARDED_MASK_${port} 0x${mask.toString(16).padStart(2, '0')}`;
    }),
    '',
    '/* Firmata: one entry a pin, in the order of the Arduino numbers. */',
    '#define PIN_GUARDED 0',
    '#define PIN_DIGITAL 1',
    '#define PIN_ANALOG 2',
    `#define PIN_COUNT ${Math.max(...pins.map((pin) => pin.arduino)) + 1}`,
    '#define PIN_TABLE(ENTRY) \\',
  );
  const byNumber = [...pins].sort((a, b) => a.arduino - b.arduino);
  const entries = byNumber.map((pin) => {
    const kind = pin.guarded ? 'PIN_GUARDED' : pin.analog === undefined ? modes.digital : modes.analog;
    return `  ENTRY(${pin.port}, ${pin.bit}, ${kind}, ${pin.guarded ? 0 : (pin.analog ?? 0)}) /* ${pin.arduino} ${pin.name} */`;
  });
  lines.push(entries.join(' \\\n'), '');
  return lines.join('\n');
};

const table = ({ pins }) => {
  const entries = pins.map((pin) => {
    const analog = pin.analog === undefined ? '' : `, analog: ${pin.analog}`;
    return [
      `  /** ${pin.use} */`,
      `  ${pin.name}: { port: '${pin.port}', bit: ${pin.bit}, arduino: ${pin.arduino}${analog}, guarded: ${pin.guarded} },`,
    ].join('\n');
  });
  return [
    '// Generated from hardware/pinmap.json by `npm run pinmap`. Do not edit.',
    'export const pins = {',
    ...entries,
    '} as const;',
    '',
    'export type PinName = keyof typeof pins;',
    '',
  ].join('\n');
};

const main = (check) => {
  const pinmap = JSON.parse(readFileSync(source, 'utf8'));
  const errors = pinmapErrors(pinmap);
  if (errors.length > 0) {
    for (const error of errors) console.error(`pinmap.json: ${error}`);
    return 1;
  }
  let stale = 0;
  for (const [path, text] of [
    ['firmware/pinmap.h', header(pinmap)],
    ['../src/sim/pinmap.ts', table(pinmap)],
  ]) {
    const target = new URL(path, here);
    if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
    if (check) {
      stale++;
      console.error(`${fileURLToPath(target)} is stale: run npm run pinmap`);
    } else {
      writeFileSync(target, text);
    }
  }
  return stale > 0 ? 1 : 0;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.includes('--check'));
