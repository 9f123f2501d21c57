// Relays with their contacts drawn, and transformers with their windings. Grid units of 1.27 mm, y downwards.
import { drawing } from './symbols.mjs';

const { poly, rect, circle, arc, pin, define } = drawing;

/** A changeover contact: common on the right at y, rest contact (drawn touching) left above, working contact left below. */
const changeover = (y, com, nc, no, x = 0) => ({
  pins: [
    pin(com, x + 6, y, 'L', { name: 'COM' }),
    pin(nc, x - 6, y - 2, 'R', { name: 'NC' }),
    pin(no, x - 6, y + 2, 'R', { name: 'NO' }),
  ],
  gfx: [
    circle(x + 3.7, y, 0.3),
    circle(x - 3.7, y - 2, 0.3),
    circle(x - 3.7, y + 2, 0.3),
    poly([x + 3.5, y - 0.1], [x - 3.6, y - 1.6]),
  ],
});
const coil = (y, a, b) => ({
  pins: [pin(a, -6, y, 'R', { name: 'A1' }), pin(b, 6, y, 'L', { name: 'A2' })],
  gfx: [
    rect(-2.5, y - 1.2, 2.5, y + 1.2, 'none'),
    poly([-4, y], [-2.5, y]),
    poly([2.5, y], [4, y]),
    poly([-0.8, y + 1.2], [0.8, y - 1.2]),
  ],
});
const relay = (name, part, poles, coilPins, coilY, half) => {
  const parts = [...poles.map(([y, ...p]) => changeover(y, ...p)), coil(coilY, ...coilPins)];
  const link = {
    kind: 'poly',
    points: [
      [0, poles[0][0] - 0.9],
      [0, coilY - 1.2],
    ],
    fill: 'none',
  };
  define(name, {
    prefix: 'K',
    part,
    showNumbers: true,
    pins: parts.flatMap((p) => p.pins),
    gfx: [rect(-4, poles[0][0] - 4, 4, coilY + 2.2), link, ...parts.flatMap((p) => p.gfx)],
    fields: { ref: [-4, poles[0][0] - half], value: [-4, coilY + 3.4], justify: 'left' },
  });
};
relay(
  'G6K',
  'G6K',
  [
    [-6, 3, 2, 4],
    [2, 6, 7, 5],
  ],
  [1, 8],
  8,
  5,
);
relay(
  'G6S',
  'G6S',
  [
    [-8, 4, 3, 5],
    [4, 9, 10, 8],
  ],
  [1, 12],
  11,
  5,
);
// Safety relay: one working and one rest contact, guided together.
define('SR2M', {
  prefix: 'K',
  part: 'SR2M',
  showNumbers: true,
  pins: [
    pin('13', -6, -6, 'R'),
    pin('14', 6, -6, 'L'),
    pin('21', -6, 0, 'R'),
    pin('22', 6, 0, 'L'),
    pin('A1', -6, 7, 'R'),
    pin('A2', 6, 7, 'L'),
  ],
  gfx: [
    rect(-4, -9, 4, 9.4),
    circle(-2.7, -6, 0.3),
    circle(2.7, -6, 0.3),
    poly([-2.5, -6.2], [2.4, -7.8]),
    poly([-4, -6], [-3, -6]),
    poly([3, -6], [4, -6]),
    circle(-2.7, 0, 0.3),
    circle(2.7, 0, 0.3),
    poly([-2.5, -0.1], [2.9, -0.5]),
    poly([-4, 0], [-3, 0]),
    poly([3, 0], [4, 0]),
    rect(-2.5, 5.8, 2.5, 8.2, 'none'),
    poly([-4, 7], [-2.5, 7]),
    poly([2.5, 7], [4, 7]),
    poly([-0.8, 8.2], [0.8, 5.8]),
    poly([-0.15, -7], [-0.15, 5.8]),
    poly([0.15, -7], [0.15, 5.8]),
  ],
  fields: { ref: [-4, -10], value: [-4, 10.6], justify: 'left' },
});

/** One 1CT:1CT transformer; left pins [top, tap, bottom], right pins likewise. */
const windings = (y, left, right) => ({
  pins: [
    ...left.map((n, i) => pin(n, -6, y - 4 + i * 4, 'R', { length: 2 })),
    ...right.map((n, i) => pin(n, 6, y - 4 + i * 4, 'L', { length: 2 })),
  ],
  gfx: [
    ...[0, 1, 2, 3].flatMap((i) => [
      arc([-1.6, y - 4 + i * 2], [-0.6, y - 3 + i * 2], [-1.6, y - 2 + i * 2]),
      arc([1.6, y - 4 + i * 2], [0.6, y - 3 + i * 2], [1.6, y - 2 + i * 2]),
    ]),
    ...[-4, 0, 4].flatMap((d) => [poly([-4, y + d], [-1.6, y + d]), poly([1.6, y + d], [4, y + d])]),
    poly([-0.25, y - 4], [-0.25, y + 4]),
    poly([0.25, y - 4], [0.25, y + 4]),
    circle(-2.4, y - 3.2, 0.25, 'outline'),
    circle(2.4, y - 3.2, 0.25, 'outline'),
  ],
});
const transformer = (name, part, channels, top, bottom) => {
  const w = channels.map((c) => windings(...c));
  define(name, {
    prefix: 'T',
    part,
    showNumbers: true,
    pins: w.flatMap((c) => c.pins),
    gfx: [rect(-4, top, 4, bottom), ...w.flatMap((c) => c.gfx)],
    fields: { ref: [-4, top - 1.2], value: [-4, bottom + 1.2], justify: 'left' },
  });
};
transformer(
  'HX1188',
  'HX1188',
  [
    [-8, [1, 2, 3], [16, 15, 14]],
    [8, [6, 7, 8], [11, 10, 9]],
  ],
  -14,
  14,
);
transformer(
  'POE_MAG',
  'POE_MAG',
  [
    [-24, [2, 1, 3], [23, 24, 22]],
    [-8, [5, 4, 6], [20, 21, 19]],
    [8, [8, 7, 9], [17, 18, 16]],
    [22, [11, 10, 12], [14, 15, 13]],
  ],
  -30,
  28,
);
