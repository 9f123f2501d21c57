// Writes the files that follow from hardware/pinmap.json, the only home of pin numbers: the firmware's header, the
// simulator's table and the Pi side's. Prints the budget: what is spare. `--check` writes nothing and ends with 1 when one
// of them is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = new URL('./', import.meta.url);
const source = new URL('pinmap.json', here);

/** ATmega328P with crystal and RESET_N: the port bits there are (the Arduino number of each port's first), and the ADC's inputs. */
const firstOfPort = { D: 0, B: 8, C: 14 };
const bitsOfPort = { D: 8, B: 6, C: 6 };
const adcChannels = 8;
const firstAnalogOnly = 6;
const bitsPerRegister = 8;
/** BCM numbers of the Pi's header; 0 and 1 belong to the HAT's EEPROM. */
const firstBcm = 2;
const lastBcm = 27;

const registerBits = (map) => map.shiftRegisters.bits;
const firmataPins = (map) => [...map.pins, ...registerBits(map).filter(({ arduino }) => arduino !== undefined)];

const usedTwice = (entries) =>
  entries.flatMap(([what, things, key]) => {
    const seen = new Map();
    return things.flatMap((thing) => {
      const value = key(thing);
      if (value === undefined) return [];
      const first = seen.get(value);
      seen.set(value, first ?? thing.name);
      return first === undefined ? [] : [`${what} ${value} is used twice: ${first} and ${thing.name}`];
    });
  });

/** What is left: of port bits, ADC inputs, register outputs. */
export const pinmapSpare = (map) => {
  const ports = Object.values(bitsOfPort).reduce((sum, bits) => sum + bits, 0);
  const channelsInPort = adcChannels - 2;
  const taken = map.pins.filter(({ port, bit }) => port === 'C' && bit < channelsInPort).length;
  return {
    'port bits': ports - map.pins.length,
    'ADC inputs': adcChannels - taken - map.analogOnly.length,
    'register outputs': map.shiftRegisters.parts * bitsPerRegister - registerBits(map).length,
  };
};

/** What is wrong in a pin map: a pin, a name or a number used twice, one that does not exist, one that is not accounted for. */
export const pinmapErrors = (map) => {
  const { pins, analogOnly, pi } = map;
  const bits = registerBits(map);
  const errors = usedTwice([
    ['port bit', pins, (pin) => `P${pin.port}${pin.bit}`],
    ['name', [...pins, ...analogOnly, ...bits], (pin) => pin.name],
    ['Arduino number', firmataPins(map), (pin) => String(pin.arduino)],
    ['ADC channel', [...pins, ...analogOnly], (pin) => pin.analog?.toString()],
    ['register bit', bits, (bit) => String(bit.bit)],
    ['name on the Pi', pi.pins, (pin) => pin.name],
    ['BCM number', pi.pins, (pin) => String(pin.bcm)],
  ]);
  for (const pin of pins) {
    if (firstOfPort[pin.port] + pin.bit !== pin.arduino) {
      errors.push(`${pin.name}: P${pin.port}${pin.bit} is not Arduino pin ${pin.arduino}`);
    }
    if (!(pin.bit < bitsOfPort[pin.port]))
      errors.push(`${pin.name}: P${pin.port}${pin.bit} does not exist or is the crystal's or RESET`);
    if (pin.guarded && pin.firmata === 'output')
      errors.push(`${pin.name}: guarded and set by Firmata exclude each other`);
    if (pin.analog !== undefined && (pin.port !== 'C' || pin.analog !== pin.bit)) {
      errors.push(`${pin.name}: P${pin.port}${pin.bit} is not ADC channel ${pin.analog}`);
    }
  }
  for (const { name, analog } of analogOnly) {
    if (!(analog >= firstAnalogOnly && analog < adcChannels))
      errors.push(`${name}: ADC channel ${analog} is no pin of its own`);
  }
  const outputs = map.shiftRegisters.parts * bitsPerRegister;
  for (const { name, bit } of bits) if (!(bit < outputs)) errors.push(`${name}: there is no register output ${bit}`);
  for (const { name, bcm } of pi.pins)
    if (!(bcm >= firstBcm && bcm <= lastBcm)) errors.push(`${name}: there is no BCM ${bcm} for it`);
  for (const line of ['data', 'latch', 'clock']) {
    const name = map.shiftRegisters[line];
    if (!pins.some((pin) => pin.name === name)) errors.push(`shift registers: no pin is called ${name}`);
  }
  const listed = new Set([...pins, ...map.notConnected].map(({ port, bit }) => `P${port}${bit}`));
  for (const [port, count] of Object.entries(bitsOfPort)) {
    for (let bit = 0; bit < count; bit++) {
      if (!listed.has(`P${port}${bit}`))
        errors.push(`P${port}${bit} is not accounted for: name it, or list it in notConnected`);
    }
  }
  for (const [what, left] of Object.entries(pinmapSpare(map))) if (left < 0) errors.push(`${-left} ${what} too many`);
  return errors;
};

const kinds = { input: 'PIN_INPUT', output: 'PIN_OUTPUT', analog: 'PIN_READING' };

const header = (map) => {
  const { pins, analogOnly, clockHertz } = map;
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
  for (const { name, analog, use } of analogOnly) lines.push(`/* ${use} */`, `#define ${name}_CHANNEL ${analog}`);
  lines.push('', "/* Bits of the shift registers' word. */");
  for (const { name, bit, use } of registerBits(map)) lines.push(`#define REGISTER_${name} ${1 << bit}U /* ${use} */`);
  lines.push(
    '',
    '/* Firmata: one entry a pin, in the order of the Arduino numbers; port, bit or register bit, kind, ADC channel. */',
    '#define PIN_GUARDED 0',
    '#define PIN_INPUT 1',
    '#define PIN_OUTPUT 2',
    '#define PIN_READING 3',
    '#define PIN_ON_REGISTER 4',
    `#define PIN_COUNT ${Math.max(...firmataPins(map).map((pin) => pin.arduino)) + 1}`,
    '#define PIN_TABLE(ENTRY) \\',
  );
  const entries = firmataPins(map)
    .sort((a, b) => a.arduino - b.arduino)
    .map(({ name, port, bit, arduino, firmata, analog }) => {
      if (port === undefined) return `  ENTRY(B, ${bit}, PIN_ON_REGISTER, 0) /* ${arduino} ${name} */`;
      return `  ENTRY(${port}, ${bit}, ${kinds[firmata] ?? 'PIN_GUARDED'}, ${analog ?? 0}) /* ${arduino} ${name} */`;
    });
  lines.push(entries.join(' \\\n'), '');
  return lines.join('\n');
};

const generated = '// Generated from hardware/pinmap.json by `npm run pinmap`. Do not edit.';

const table = (map) => {
  const entries = map.pins.map((pin) => {
    const analog = pin.analog === undefined ? '' : `, analog: ${pin.analog}`;
    return [
      `  /** ${pin.use} */`,
      `  ${pin.name}: { port: '${pin.port}', bit: ${pin.bit}, arduino: ${pin.arduino}${analog}, guarded: ${pin.guarded} },`,
    ].join('\n');
  });
  return [
    generated,
    'export const pins = {',
    ...entries,
    '} as const;',
    '',
    'export type PinName = keyof typeof pins;',
    '',
    '/** Inputs of the ADC without a port bit. */',
    'export const analogOnlyPins = {',
    ...map.analogOnly.flatMap(({ name, analog, use }) => [`  /** ${use} */`, `  ${name}: { analog: ${analog} },`]),
    '} as const;',
    '',
    '/** Full scale of READBACK and AF_SENSE at the pin. */',
    `export const adcReferenceVolts = ${map.reference.volts};`,
    '',
    '/** Outputs of the shift registers: bits of their word. */',
    'export const registerBits = {',
    ...registerBits(map).flatMap(({ name, bit, use }) => [`  /** ${use} */`, `  ${name}: ${bit},`]),
    '} as const;',
    '',
    'export type RegisterBit = keyof typeof registerBits;',
    '',
  ].join('\n');
};

const piTable = (map) =>
  [
    generated,
    '/** Outputs that are the host’s, by their Firmata pin. */',
    'export const furniturePins = {',
    ...firmataPins(map)
      .filter(({ firmata }) => firmata === 'output')
      .map(({ name, arduino }) => `  ${name}: ${arduino},`),
    '} as const;',
    '',
    "/** The Pi's header by BCM number; direction as the Pi sees it. */",
    'export const piPins = {',
    ...map.pi.pins.flatMap(({ name, bcm, direction, pullUp = false, use }) => [
      `  /** ${use} */`,
      `  ${name}: { bcm: ${bcm}, direction: '${direction}', pullUp: ${pullUp} },`,
    ]),
    '} as const;',
    '',
    'export type PiPinName = keyof typeof piPins;',
    '',
  ].join('\n');

const main = (check) => {
  const pinmap = JSON.parse(readFileSync(source, 'utf8'));
  const errors = pinmapErrors(pinmap);
  if (errors.length > 0) {
    for (const error of errors) console.error(`pinmap.json: ${error}`);
    return 1;
  }
  const spare = Object.entries(pinmapSpare(pinmap)).map(([what, left]) => `${left} ${what}`);
  console.log(`pinmap.json: spare ${spare.join(', ')}`);
  let stale = 0;
  for (const [path, text] of [
    ['firmware/pinmap.h', header(pinmap)],
    ['../src/sim/pinmap.ts', table(pinmap)],
    ['../src/board/pi-pinmap.ts', piTable(pinmap)],
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
