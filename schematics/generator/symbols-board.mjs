// The symbols of this board's own parts: boxes with named pins, relays with their contacts, transformers with windings.
import { readFileSync } from 'node:fs';
import { box, drawing } from './symbols.mjs';

const { poly, solid, rect, circle, words, pin, define, mirrored } = drawing;
const IN = 'input';
const OUT = 'output';
const PWR = 'power_in';
const PAS = 'passive';

/** Our pin map names the MCU's lines; this is where TQFP-32 has them. */
const TQFP = { D: [30, 31, 32, 1, 2, 9, 10, 11], B: [12, 13, 14, 15, 16, 17, 7, 8], C: [23, 24, 25, 26, 27, 28] };
const map = JSON.parse(readFileSync(new URL('../../hardware/pinmap.json', import.meta.url), 'utf8'));
export const pinmap = map.pins;
export const { analogOnly } = map;
/** What each output of a shift register is called, register 0 being the one next to the MCU; undefined where it is spare. */
export const registerOutputs = (register) =>
  Array.from({ length: 8 }, (_, i) => map.shiftRegisters.bits.find(({ bit }) => bit === register * 8 + i)?.name);
/** ADC6 and ADC7 have pads of their own and no port. */
export const analogPad = ({ analog }) => ({ 6: '19', 7: '22' })[analog];
export const mcuPinNumber = ({ port, bit }) => String(TQFP[port][bit]);

const mcuPin = (name) => {
  const entry = pinmap.find((p) => p.name === name);
  if (!entry) throw new Error(`hardware/pinmap.json has no ${name}`);
  return [mcuPinNumber(entry), `P${entry.port}${entry.bit} ${name}`, 'bidirectional'];
};
export const MCU_LEFT = [
  'UART_RX',
  'UART_TX',
  'ESTOP_OK',
  null,
  'FLP_START',
  'PWR_REQ',
  'HEARTBEAT',
  null,
  'SHIFT_DATA',
  'SHIFT_LATCH',
  'STATUS_LED',
];
export const MCU_RIGHT = [
  'FLP_TX',
  'FLP_RX',
  'DISC_RELAY',
  'DISC_READBACK',
  null,
  'GATE',
  'PUMP',
  'LATCH_CLEAR',
  'SHORT_N',
  'SWITCH2',
  null,
  'CURRENT',
  'JACK_VOLTS',
];
box('ATMEGA328P', {
  width: 34,
  part: 'ATMEGA328P',
  left: [
    ...MCU_LEFT.map((n) => n && mcuPin(n)),
    null,
    ['29', 'PC6 RESET_N', IN],
    ['7', 'PB6 XTAL1', IN],
    ['8', 'PB7 XTAL2', OUT],
  ],
  right: [
    ...MCU_RIGHT.map((n) => n && mcuPin(n)),
    ...analogOnly.map((p) => [analogPad(p), `ADC${p.analog} ${p.name}`, IN]),
  ],
  top: [null, null, ['4', 'VCC', PWR], ['6', 'VCC', PWR], ['18', 'AVCC', PWR], ['20', 'AREF', PAS]],
  bottom: [null, null, ['3', 'GND', PWR], ['5', 'GND', PWR], ['21', 'GND', PWR]],
});

box('SN74HC594', {
  width: 18,
  part: 'HC594',
  left: [
    ['14', 'SER', IN],
    ['11', 'SRCLK', IN],
    ['12', 'RCLK', IN],
    ['10', 'SRCLR_N', IN],
    ['13', 'RCLR_N', IN],
  ],
  right: [
    ['15', 'QA', OUT],
    ['1', 'QB', OUT],
    ['2', 'QC', OUT],
    ['3', 'QD', OUT],
    ['4', 'QE', OUT],
    ['5', 'QF', OUT],
    ['6', 'QG', OUT],
    ['7', 'QH', OUT],
    ['9', "QH'", OUT],
  ],
  top: [null, ['16', 'VCC', PWR]],
  bottom: [null, ['8', 'GND', PWR]],
});
box('REF3025', {
  width: 14,
  part: 'REF3025',
  left: [['1', 'IN', PWR]],
  right: [['2', 'OUT', 'power_out']],
  bottom: [null, ['3', 'GND', PWR]],
  height: 4,
  fields: { ref: [0, -2.6], value: [0, -1.1], justify: 'left' },
});
box('ISP', {
  prefix: 'J',
  width: 14,
  part: 'ISP',
  left: [
    ['1', 'MISO', PAS],
    ['3', 'SCK', PAS],
    ['5', 'RESET_N', PAS],
  ],
  right: [
    ['2', 'VCC', PAS],
    ['4', 'MOSI', PAS],
    ['6', 'GND', PAS],
  ],
});
box('CONN2', {
  prefix: 'J',
  width: 6,
  right: [
    ['1', '1', PAS],
    ['2', '2', PAS],
  ],
  fields: { ref: [0, -2.6], value: [0, -1.1], justify: 'left' },
});

const PI_LEFT = [
  [1, '3V3'],
  [3, 'GPIO2'],
  [5, 'GPIO3'],
  [7, 'GPIO4'],
  [9, 'GND'],
  [11, 'GPIO17'],
  [13, 'GPIO27'],
  [15, 'GPIO22'],
  [17, '3V3'],
  [19, 'GPIO10'],
  [21, 'GPIO9'],
  [23, 'GPIO11'],
  [25, 'GND'],
  [27, 'ID_SD'],
  [29, 'GPIO5'],
  [31, 'GPIO6'],
  [33, 'GPIO13'],
  [35, 'GPIO19'],
  [37, 'GPIO26'],
  [39, 'GND'],
];
const PI_RIGHT = [
  [2, '5V'],
  [4, '5V'],
  [6, 'GND'],
  [8, 'GPIO14 TXD'],
  [10, 'GPIO15 RXD'],
  [12, 'GPIO18'],
  [14, 'GND'],
  [16, 'GPIO23'],
  [18, 'GPIO24'],
  [20, 'GND'],
  [22, 'GPIO25'],
  [24, 'GPIO8'],
  [26, 'GPIO7'],
  [28, 'ID_SC'],
  [30, 'GND'],
  [32, 'GPIO12'],
  [34, 'GND'],
  [36, 'GPIO16'],
  [38, 'GPIO20'],
  [40, 'GPIO21'],
];
const passive = ([n, name]) => [n, name, PAS];
box('PI_HEADER', {
  prefix: 'J',
  width: 24,
  part: 'PI_HEADER',
  left: PI_LEFT.map(passive),
  right: PI_RIGHT.map(passive),
});

const rj45 = ['1', '2', '3', '4', '5', '6', '7', '8'];
box('RJ45_L', {
  prefix: 'J',
  width: 9,
  part: 'RJ45',
  right: rj45.map((n) => [n, n, PAS]),
  fields: { ref: [0, -2.6], value: [0, -1.1], justify: 'left' },
});
box('RJ45_R', {
  prefix: 'J',
  width: 9,
  part: 'RJ45',
  left: rj45.map((n) => [n, n, PAS]),
  fields: { ref: [0, -2.6], value: [0, -1.1], justify: 'left' },
});

// Gates as boxes with the function inside.
const gate = (name, part, sign, ins, out) =>
  define(name, {
    part,
    pins: [
      ...ins.map(([n, label, y]) => pin(n, -6, y, 'R', { name: label, type: IN })),
      pin(out, 6, 0, 'L', { name: 'Y', type: OUT }),
      pin(5, 0, -6, 'D', { name: 'VCC', type: PWR, length: 3 }),
      pin(3, 0, 6, 'U', { name: 'GND', type: PWR, length: 3 }),
    ],
    gfx: [rect(-4, -3, 4, 3), words(sign, 0, 0, 2)],
    fields: { ref: [1, -4], value: [1, 4], justify: 'left' },
  });
gate('BUFFER', 'LVC1G34', '1', [[2, 'A', 0]], 4);
gate('SCHMITT', 'LVC1G17', 'ST', [[2, 'A', 0]], 4);
gate(
  'OR',
  'LVC1G32',
  '>=1',
  [
    [1, 'A', -2],
    [2, 'B', 2],
  ],
  4,
);
mirrored('OR');
// The receive path runs from the jack (right) to the MCU (left), so its parts look left.
box('LVC1G123_M', {
  width: 16,
  part: 'LVC1G123',
  right: [
    ['3', 'CLR_N', IN],
    ['2', 'B', IN],
    ['1', 'A_N', IN],
  ],
  left: [
    ['5', 'Q', OUT],
    ['7', 'REXT/CEXT', PAS],
    ['6', 'CEXT', PAS],
  ],
  top: [null, ['8', 'VCC', PWR]],
  bottom: [null, ['4', 'GND', PWR]],
});
box('LVC1G74', {
  width: 14,
  part: 'LVC1G74',
  left: [
    ['7', 'PRE_N', IN],
    ['2', 'D', IN],
    ['1', 'CLK', IN],
    ['6', 'CLR_N', IN],
  ],
  right: [['5', 'Q', OUT], null, null, ['3', 'Q_N', OUT]],
  top: [null, ['8', 'VCC', PWR]],
  bottom: [null, ['4', 'GND', PWR]],
});
box('LVC1G3157', {
  width: 12,
  part: 'LVC1G3157',
  left: [
    ['1', 'B2', PAS],
    ['3', 'B1', PAS],
    ['6', 'S', IN],
  ],
  right: [['4', 'A', PAS]],
  top: [null, ['5', 'VCC', PWR]],
  bottom: [null, ['2', 'GND', PWR]],
  fields: { ref: [9, -2.4], value: [9, -1], justify: 'left' },
});
mirrored('LVC1G3157');
// The shunt reference: a Zener diode whose voltage REF sets. SOT-23: 1 cathode, 2 REF, 3 anode, as TL431's.
define('ATL431', {
  part: 'ATL431',
  pins: [
    pin(1, 0, -4, 'D', { name: 'K', length: 2 }),
    pin(2, 4, 0, 'L', { name: 'REF', length: 3 }),
    pin(3, 0, 4, 'U', { name: 'A', length: 2 }),
  ],
  gfx: [
    poly([0, -2], [0, 2]),
    solid([-1.2, 1], [1.2, 1], [0, -0.9], [-1.2, 1]),
    poly([-1.6, -0.5], [-1.2, -0.9], [1.2, -0.9], [1.6, -1.3]),
    poly([0.6, 0], [1, 0]),
  ],
  fields: { ref: [-2, -0.8], value: [-2, 0.9], justify: 'right' },
});
define('BUZZER', {
  prefix: 'BZ',
  part: 'BUZZER',
  showNumbers: true,
  pins: [pin(1, 0, -5, 'D', { name: '+', length: 2 }), pin(2, 0, 5, 'U', { name: '-', length: 2 })],
  gfx: [
    poly([-0.5, -3], [-0.5, 3]),
    {
      kind: 'arc',
      points: [
        [-0.5, -3],
        [3, 0],
        [-0.5, 3],
      ],
      fill: 'none',
    },
    poly([0, -3], [-0.5, -3]),
    poly([0, 3], [-0.5, 3]),
    words('+', -1.4, -2, 1.3),
  ],
  fields: { ref: [4, -0.8], value: [4, 0.9], justify: 'left' },
});
// A dual comparator, both triangles in one symbol.
const tri = (y) => ({
  kind: 'poly',
  points: [
    [-4, y - 4],
    [-4, y + 4],
    [4, y],
    [-4, y - 4],
  ],
  fill: 'background',
});
define('TLV3502', {
  part: 'TLV3502',
  bareNames: true,
  pins: [
    pin(1, -6, -8, 'R', { name: '+', type: IN }),
    pin(2, -6, -4, 'R', { name: '-', type: IN }),
    pin(7, 6, -6, 'L', { type: OUT }),
    pin(3, -6, 4, 'R', { name: '+', type: IN }),
    pin(4, -6, 8, 'R', { name: '-', type: IN }),
    pin(6, 6, 6, 'L', { type: OUT }),
    pin(8, 0, -12, 'D', { name: 'V+', type: PWR, length: 4 }),
    pin(5, 0, 12, 'U', { name: 'V-', type: PWR, length: 4 }),
  ],
  gfx: [tri(-6), tri(6), poly([-1.6, -1.6], [-1.6, 1.6])],
  fields: { ref: [2, -10], value: [2, 10.4], justify: 'left' },
});
mirrored('TLV3502');
// LM321's pads: 1 IN+, 2 V-, 3 IN-, 4 OUT, 5 V+
define('LM321', {
  part: 'LM321',
  bareNames: true,
  pins: [
    pin(1, -6, -2, 'R', { name: '+', type: IN }),
    pin(3, -6, 2, 'R', { name: '-', type: IN }),
    pin(4, 6, 0, 'L', { type: OUT }),
    pin(5, -2, -6, 'D', { name: 'V+', type: PWR, length: 3 }),
    pin(2, -2, 6, 'U', { name: 'V-', type: PWR, length: 3 }),
  ],
  gfx: [tri(0)],
  fields: { ref: [1, -4], value: [1, 4.2], justify: 'left' },
});
define('NPN', {
  prefix: 'Q',
  pins: [pin(1, -4, 0, 'R', { name: 'B' }), pin(3, 0, -4, 'D', { name: 'C' }), pin(2, 0, 4, 'U', { name: 'E' })],
  gfx: [
    poly([-2, 0], [-1.2, 0]),
    poly([-1.2, -1.4], [-1.2, 1.4]),
    poly([-1.2, -0.6], [0, -1.8], [0, -2]),
    poly([-1.2, 0.6], [0, 1.8], [0, 2]),
    solid([-0.1, 1.7], [-0.8, 1.5], [-0.4, 1], [-0.1, 1.7]),
    circle(-0.6, 0, 2.2),
  ],
  fields: { ref: [2.2, -1], value: [2.2, 0.8], justify: 'left' },
});
define('BAT54S', {
  prefix: 'D',
  part: 'BAT54S',
  pins: [
    pin(1, 0, 6, 'U', { name: 'A' }),
    pin(3, -4, 0, 'R', { name: 'M', length: 4 }),
    pin(2, 0, -6, 'D', { name: 'K' }),
  ],
  gfx: [
    poly([0, 4], [0, -4]),
    solid([-1.2, 3], [1.2, 3], [0, 1.2], [-1.2, 3]),
    poly([-1.4, 0.8], [-1.2, 1.2], [1.2, 1.2], [1.4, 1.6]),
    solid([-1.2, -1.2], [1.2, -1.2], [0, -3], [-1.2, -1.2]),
    poly([-1.4, -3.4], [-1.2, -3], [1.2, -3], [1.4, -2.6]),
    circle(0, 0, 0.25, 'outline'),
  ],
  fields: { ref: [2.2, -1], value: [2.2, 0.8], justify: 'left' },
});
mirrored('BAT54S');
