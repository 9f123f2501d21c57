// What stands across the barrier: digital isolators, converters, the PhotoMOS. Pi side left, PSE side right.
import { box, drawing } from './symbols.mjs';

const { poly, solid, rect, pin, define } = drawing;
const IN = 'input';
const OUT = 'output';
const PWR = 'power_in';
const PAS = 'passive';

const isolator = (name, left, right) =>
  box(name, {
    width: 22,
    part: name,
    left,
    right,
    gfx: [
      poly([11, 0.5], [11, 2.5]),
      poly([11, 3.5], [11, 5.5]),
      poly([11, 6.5], [11, 8.5]),
      poly([11, 9.5], [11, 11.5]),
      poly([11, 12.5], [11, 13.5]),
    ],
  });
isolator(
  'ISO7741F',
  [
    ['1', 'VCC1', PWR],
    ['7', 'EN1', IN],
    ['3', 'INA', IN],
    ['4', 'INB', IN],
    ['5', 'INC', IN],
    ['6', 'OUTD', OUT],
    ['2', 'GND1', PWR],
    ['8', 'GND1', PWR],
  ],
  [
    ['16', 'VCC2', PWR],
    ['10', 'EN2', IN],
    ['14', 'OUTA', OUT],
    ['13', 'OUTB', OUT],
    ['12', 'OUTC', OUT],
    ['11', 'IND', IN],
    ['9', 'GND2', PWR],
    ['15', 'GND2', PWR],
  ],
);
isolator(
  'ISO7742F',
  [
    ['1', 'VCC1', PWR],
    ['7', 'EN1', IN],
    ['3', 'INA', IN],
    ['4', 'INB', IN],
    ['5', 'OUTC', OUT],
    ['6', 'OUTD', OUT],
    ['2', 'GND1', PWR],
    ['8', 'GND1', PWR],
  ],
  [
    ['16', 'VCC2', PWR],
    ['10', 'EN2', IN],
    ['14', 'OUTA', OUT],
    ['13', 'OUTB', OUT],
    ['12', 'INC', IN],
    ['11', 'IND', IN],
    ['9', 'GND2', PWR],
    ['15', 'GND2', PWR],
  ],
);
isolator(
  'ISO7721F',
  [['1', 'VCC1', PWR], ['2', 'OUTA', OUT], ['3', 'INB', IN], null, ['4', 'GND1', PWR]],
  [['8', 'VCC2', PWR], ['7', 'INA', IN], ['6', 'OUTB', OUT], null, ['5', 'GND2', PWR]],
);
for (const name of ['ITX0505', 'ITX0512'])
  box(name, {
    width: 22,
    part: name,
    prefix: 'PS',
    left: [
      ['2', '+VIN', PWR],
      ['1', '-VIN', PWR],
    ],
    right: [
      ['6', '+VOUT', 'power_out'],
      ['7', '-VOUT', PAS],
    ],
    gfx: [poly([11, 0.5], [11, 2.5]), poly([11, 3.5], [11, 5.5])],
  });
define('AQY212EH', {
  part: 'AQY212EH',
  pins: [
    pin(1, -7, -2, 'R', { name: 'A', length: 3 }),
    pin(2, -7, 2, 'R', { name: 'K', length: 3 }),
    pin(4, 7, -2, 'L', { length: 3 }),
    pin(3, 7, 2, 'L', { length: 3 }),
  ],
  gfx: [
    rect(-4, -3.5, 4, 3.5),
    poly([-4, -2], [-2, -2], [-2, 2], [-4, 2]),
    solid([-2.8, -0.6], [-1.2, -0.6], [-2, 0.7], [-2.8, -0.6]),
    poly([-2.8, 0.7], [-1.2, 0.7]),
    poly([-0.9, 0], [0.6, 0], [0.2, -0.3]),
    poly([4, -2], [2.2, -2], [2.2, -0.9]),
    poly([4, 2], [2.2, 2], [2.2, 0.9]),
    poly([1.4, -0.9], [1.4, 0.9]),
    poly([1.8, -0.9], [2.6, -0.9]),
    poly([1.8, 0.9], [2.6, 0.9]),
  ],
  fields: { ref: [0, -5.8], value: [0, -4.4] },
});
