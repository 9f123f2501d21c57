// The symbols of our sheets, drawn here so that the project needs no other library. Grid units of 1.27 mm, y downwards;
// every orientation is a symbol of its own, so that no part is ever placed rotated and no text stands on its head.
const GRID_MM = 1.27;
const mm = (units) => Number((units * GRID_MM).toFixed(4));
const ANGLE = { R: 0, U: 90, L: 180, D: 270 };
const TURNED = { R: 'D', D: 'L', L: 'U', U: 'R' };

const table = new Map();

const pin = (n, x, y, dir, { name = '~', type = 'passive', length = 2, shape = 'line', hide = false } = {}) => ({
  n: String(n),
  x,
  y,
  dir,
  name,
  type,
  length,
  shape,
  hide,
});
const poly = (...points) => ({ kind: 'poly', points, fill: 'none' });
const solid = (...points) => ({ kind: 'poly', points, fill: 'outline' });
const rect = (x1, y1, x2, y2, fill = 'background') => ({
  kind: 'rect',
  points: [
    [x1, y1],
    [x2, y2],
  ],
  fill,
});
const circle = (x, y, r, fill = 'none') => ({ kind: 'circle', points: [[x, y]], r, fill });
const arc = (a, b, c) => ({ kind: 'arc', points: [a, b, c], fill: 'none' });
const words = (text, x, y, size = 1.27) => ({ kind: 'text', text, points: [[x, y]], size });

const define = (name, symbol) => {
  table.set(name, { prefix: 'U', fields: {}, gfx: [], pins: [], ...symbol });
};

const quarter = ([x, y]) => [-y, x];
const turn = (symbol, quarters) => {
  let { pins, gfx } = symbol;
  for (let i = 0; i < quarters; i += 1) {
    pins = pins.map((p) => ({ ...p, x: -p.y || 0, y: p.x, dir: TURNED[p.dir] }));
    gfx = gfx.map((g) => ({ ...g, points: g.points.map(quarter) }));
  }
  return { ...symbol, pins, gfx };
};
const mirror = (symbol) => ({
  ...symbol,
  pins: symbol.pins.map((p) => ({ ...p, x: -p.x || 0, dir: { L: 'R', R: 'L', U: 'U', D: 'D' }[p.dir] })),
  gfx: symbol.gfx.map((g) => ({ ...g, points: g.points.map(([x, y]) => [-x, y]) })),
});

const BESIDE = { ref: [2, -0.8], value: [2, 0.9], justify: 'left' };
const ABOVE = { ref: [0, -3.4], value: [0, -2] };
const ABOVE_TALL = { ref: [0, -3.8], value: [0, -2.3] };

/** A two-terminal part drawn lying, pin 1 on the left; defines NAME_R, NAME_D, NAME_L, NAME_U by where pin 2 points. */
const twoTerminal = (name, prefix, gfx, names = ['~', '~'], extra = {}) => {
  const base = {
    prefix,
    gfx,
    pins: [pin(1, -3, 0, 'R', { name: names[0], length: 1 }), pin(2, 3, 0, 'L', { name: names[1], length: 1 })],
    ...extra,
  };
  define(`${name}_R`, { ...base, fields: ABOVE });
  define(`${name}_L`, { ...turn(base, 2), fields: ABOVE });
  define(`${name}_D`, { ...turn(base, 1), fields: BESIDE });
  define(`${name}_U`, { ...turn(base, 3), fields: BESIDE });
};

twoTerminal('R', 'R', [rect(-2, -0.8, 2, 0.8, 'none')]);
twoTerminal('C', 'C', [
  poly([-2, 0], [-0.4, 0]),
  poly([0.4, 0], [2, 0]),
  poly([-0.4, -1.6], [-0.4, 1.6]),
  poly([0.4, -1.6], [0.4, 1.6]),
]);
twoTerminal('CP', 'C', [
  poly([-2, 0], [-0.8, 0]),
  poly([0.4, 0], [2, 0]),
  rect(-0.8, -1.6, -0.2, 1.6, 'none'),
  rect(0.2, -1.6, 0.6, 1.6, 'outline'),
  poly([-2, -1.4], [-1.2, -1.4]),
  poly([-1.6, -1.8], [-1.6, -1]),
]);
twoTerminal('FUSE', 'F', [rect(-2, -0.8, 2, 0.8, 'none'), poly([-2, 0], [2, 0])]);
const arrow = [poly([-2, 0], [2, 0]), solid([-1, -1.2], [-1, 1.2], [1, 0], [-1, -1.2])];
// Diodes: pin 1 is the anode here; the parts' own pad numbers differ by package and belong to the layout.
twoTerminal('D', 'D', [...arrow, poly([1, -1.2], [1, 1.2])], ['A', 'K']);
twoTerminal('DZ', 'D', [...arrow, poly([0.5, -1.5], [1, -1.2], [1, 1.2], [1.5, 1.5])], ['A', 'K']);
twoTerminal('TVS', 'D', [...arrow, poly([0.4, -1.6], [1, -1.2], [1, 1.2], [1.6, 1.6]), circle(0, 0, 2)], ['A', 'K']);
twoTerminal(
  'LED',
  'D',
  [
    ...arrow,
    poly([1, -1.2], [1, 1.2]),
    poly([0, -1.6], [1.2, -2.8], [0.6, -2.7]),
    poly([1.2, -2.8], [1.1, -2.2]),
    poly([1, -1.6], [2.2, -2.8], [1.6, -2.7]),
    poly([2.2, -2.8], [2.1, -2.2]),
  ],
  ['A', 'K'],
);
twoTerminal('FB', 'FB', [
  rect(-2, -0.8, 2, 0.8, 'none'),
  poly([-1.4, 0.8], [0.2, -0.8]),
  poly([-0.2, 0.8], [1.4, -0.8]),
]);
twoTerminal('XTAL', 'Y', [
  poly([-2, 0], [-1, 0]),
  poly([1, 0], [2, 0]),
  poly([-1, -1.4], [-1, 1.4]),
  poly([1, -1.4], [1, 1.4]),
  rect(-0.6, -1.6, 0.6, 1.6),
]);
twoTerminal(
  'NC_CONTACT',
  'S',
  [
    circle(-1.6, 0, 0.3),
    circle(1.6, 0, 0.3),
    poly([-1.4, 0], [1.7, -0.35]),
    poly([0, -0.2], [0, -2.4]),
    poly([-1.2, -2.4], [1.2, -2.4]),
    poly([-1.2, -2.4], [-1.2, -1.9]),
    poly([1.2, -2.4], [1.2, -1.9]),
    circle(0, -1.3, 0.5),
    poly([-0.3, -1.3], [0.3, -1.3]),
  ],
  ['11', '12'],
  {},
);
for (const side of ['R', 'L', 'U', 'D']) table.get(`NC_CONTACT_${side}`).fields = { ref: [0, -5], value: [0, -3.4] };
twoTerminal('BUTTON', 'S', [
  circle(-1.6, 0, 0.3),
  circle(1.6, 0, 0.3),
  poly([-1.8, -1], [1.8, -1]),
  poly([0, -1], [0, -2]),
]);
twoTerminal('JUMPER', 'JP', [
  circle(-1.2, 0, 0.5),
  circle(1.2, 0, 0.5),
  poly([-2, 0], [-1.7, 0]),
  poly([1.7, 0], [2, 0]),
]);
for (const side of ['L', 'R'])
  for (const d of ['CP', 'C', 'D', 'DZ', 'XTAL']) table.get(`${d}_${side}`).fields = ABOVE_TALL;
for (const side of ['L', 'R'])
  for (const d of ['TVS', 'LED']) table.get(`${d}_${side}`).fields = { ref: [0, -5], value: [0, -3.4] };
table.get('TVS_U').fields = { ref: [3, -0.8], value: [3, 0.9], justify: 'left' };
table.get('TVS_D').fields = { ref: [3, -0.8], value: [3, 0.9], justify: 'left' };

/** A MOSFET, gate on the left, channel upright: drain on top for an N, source on top for a P. */
const mosfet = (name, [g, d, s], channel) => {
  const n = channel === 'N';
  const top = n ? d : s;
  const bottom = n ? s : d;
  const symbol = {
    prefix: 'Q',
    pins: [
      pin(g, -4, 0, 'R', { name: 'G', type: 'input', length: 2 }),
      pin(top, 0, -4, 'D', { name: n ? 'D' : 'S', length: 2 }),
      pin(bottom, 0, 4, 'U', { name: n ? 'S' : 'D', length: 2 }),
    ],
    gfx: [
      poly([-2, -1.5], [-2, 1.5]),
      poly([-1.4, -2], [-1.4, -1]),
      poly([-1.4, -0.5], [-1.4, 0.5]),
      poly([-1.4, 1], [-1.4, 2]),
      poly([-1.4, -1.5], [0, -1.5], [0, -2]),
      poly([-1.4, 1.5], [0, 1.5], [0, 2]),
      n ? poly([-1.4, 0], [0, 0], [0, 1.5]) : poly([-1.4, 0], [0, 0], [0, -1.5]),
      n
        ? solid([-1.3, 0], [-0.6, -0.4], [-0.6, 0.4], [-1.3, 0])
        : solid([-0.1, 0], [-0.8, -0.4], [-0.8, 0.4], [-0.1, 0]),
      circle(-0.7, 0, 2.3),
      poly([0, -1.5], [1, -1.5], [1, 1.5], [0, 1.5]),
      solid([1, -0.5], [0.5, 0.3], [1.5, 0.3], [1, -0.5]),
      poly([0.5, -0.5], [1.5, -0.5]),
    ],
  };
  define(name, { ...symbol, fields: { ref: [2.2, -1], value: [2.2, 0.8], justify: 'left' } });
  define(`${name}_M`, { ...mirror(symbol), fields: { ref: [-2.2, -1], value: [-2.2, 0.8], justify: 'right' } });
};
mosfet('NMOS', [1, 3, 2], 'N');
mosfet('PMOS', [1, 3, 2], 'P');
mosfet('NMOS_POWER', [1, 2, 3], 'N');

/** A triangle: op-amp or comparator in SOT-23-5 (1 OUT, 2 V-, 3 IN+, 4 IN-, 5 V+); `flip` puts IN- on top. */
const triangle = (name, flip) =>
  define(name, {
    pins: [
      pin(3, -6, flip ? 2 : -2, 'R', { name: '+', type: 'input' }),
      pin(4, -6, flip ? -2 : 2, 'R', { name: '-', type: 'input' }),
      pin(1, 6, 0, 'L', { name: '~', type: 'output' }),
      pin(5, -2, -6, 'D', { name: 'V+', type: 'power_in', length: 3 }),
      pin(2, -2, 6, 'U', { name: 'V-', type: 'power_in', length: 3 }),
    ],
    gfx: [
      {
        kind: 'poly',
        points: [
          [-4, -4],
          [-4, 4],
          [4, 0],
          [-4, -4],
        ],
        fill: 'background',
      },
    ],
    fields: { ref: [1, -4], value: [1, 4.2], justify: 'left' },
    bareNames: true,
  });
triangle('AMP', false);
triangle('AMP_FLIP', true);

/** A box with named pins. Pins are [number, name, type, options]; null leaves a gap of one place (two units). */
export const box = (
  name,
  { prefix = 'U', width, height, left = [], right = [], top = [], bottom = [], fields, gfx = [], part },
) => {
  const rows = Math.max(left.length, right.length);
  const h = height ?? rows * 2 + 2;
  const side = (list, make) => list.flatMap((p, i) => (p ? [make(p, i)] : []));
  define(name, {
    prefix,
    part,
    pins: [
      ...side(left, ([n, label, type, o], i) => pin(n, -3, 2 + i * 2, 'R', { name: label, type, length: 3, ...o })),
      ...side(right, ([n, label, type, o], i) =>
        pin(n, width + 3, 2 + i * 2, 'L', { name: label, type, length: 3, ...o }),
      ),
      ...side(top, ([n, label, type, o], i) => pin(n, 4 + i * 4, -3, 'D', { name: label, type, length: 3, ...o })),
      ...side(bottom, ([n, label, type, o], i) =>
        pin(n, 4 + i * 4, h + 3, 'U', { name: label, type, length: 3, ...o }),
      ),
    ],
    gfx: [rect(0, 0, width, h), ...gfx],
    fields: fields ?? { ref: [0, -1], value: [0, h + 1.1], justify: 'left' },
    showNumbers: true,
    showNames: true,
  });
};

const power = (name, down) =>
  define(name, {
    prefix: '#PWR',
    power: true,
    pins: [pin(1, 0, 0, down ? 'D' : 'U', { name, type: 'power_in', length: 0, hide: true })],
    gfx:
      down === 'earth'
        ? [
            poly([0, 0], [0, 1]),
            poly([-1.2, 1], [1.2, 1]),
            poly([-0.8, 1.4], [0.8, 1.4]),
            poly([-0.4, 1.8], [0.4, 1.8]),
          ]
        : down
          ? [poly([0, 0], [0, 1]), solid([-1.2, 1], [1.2, 1], [0, 2.2], [-1.2, 1])]
          : [poly([0, 0], [0, -1]), poly([-0.7, -0.5], [0, -1.5], [0.7, -0.5])],
    fields: { ref: [0, 0], value: [0, down ? 3 : -2.4] },
  });
power('VEE48', 'solid');
power('GND_PI', 'earth');
for (const rail of ['RTN', '+5V', '+12V_SAFE', 'VREF', '+5V_PI', '+3V3_PI']) power(rail, undefined);
define('PWR_FLAG', {
  prefix: '#FLG',
  power: true,
  pins: [pin(1, 0, 0, 'U', { name: 'pwr', type: 'power_out', length: 0, hide: true })],
  gfx: [poly([0, 0], [0, -1], [-0.8, -1.6], [0, -2.2], [0.8, -1.6], [0, -1])],
  fields: { ref: [0, 0], value: [0, -3] },
});

export const symbolNamed = (name) => {
  const symbol = table.get(name);
  if (!symbol) throw new Error(`no symbol ${name}`);
  return symbol;
};
export const symbolNames = () => [...table.keys()].sort();
/** The mirror image of a symbol, as NAME_M. */
const mirrored = (name) => define(`${name}_M`, mirror(symbolNamed(name)));
export const drawing = { mirrored, poly, solid, rect, circle, arc, words, pin, define };

const pointText = ([x, y]) => `${mm(x)} ${mm(-y) || 0}`;
const stroke = '(stroke (width 0.2) (type default))';
const graphicText = (g) => {
  const fill = `(fill (type ${g.fill}))`;
  const [a, b, c] = g.points;
  if (g.kind === 'poly')
    return `(polyline (pts ${g.points.map((p) => `(xy ${pointText(p)})`).join(' ')}) ${stroke} ${fill})`;
  if (g.kind === 'rect') return `(rectangle (start ${pointText(a)}) (end ${pointText(b)}) ${stroke} ${fill})`;
  if (g.kind === 'circle') return `(circle (center ${pointText(a)}) (radius ${mm(g.r)}) ${stroke} ${fill})`;
  if (g.kind === 'arc')
    return `(arc (start ${pointText(a)}) (mid ${pointText(b)}) (end ${pointText(c)}) ${stroke} ${fill})`;
  return `(text "${g.text}" (at ${pointText(a)} 0) (effects (font (size ${g.size} ${g.size}))))`;
};
const pinText = (p) =>
  `(pin ${p.type} ${p.shape} (at ${pointText([p.x, p.y])} ${ANGLE[p.dir]}) (length ${mm(p.length)})${
    p.hide ? ' (hide yes)' : ''
  } (name "${p.name}" (effects (font (size 1.1 1.1)))) (number "${p.n}" (effects (font (size 0.9 0.9)))))`;

/** The library text of a symbol, named as a library file (no prefix) or a sheet (prefix `linkpulse:`) wants it. */
export const symbolText = (name, prefix = '') => {
  const s = symbolNamed(name);
  const shown = s.showNumbers ? '' : ' (pin_numbers (hide yes))';
  const names = s.showNames
    ? ' (pin_names (offset 0.6))'
    : s.bareNames
      ? ' (pin_names (offset 0.4))'
      : ' (pin_names (offset 0) (hide yes))';
  const property = (key, value, [x, y], hide) =>
    `(property "${key}" "${value}" (at ${pointText([x, y])} 0) (effects (font (size 1.27 1.27))${
      s.fields.justify ? ` (justify ${s.fields.justify})` : ''
    }${hide ? ' (hide yes)' : ''}))`;
  return [
    `    (symbol "${prefix}${name}"${s.power ? ' (power)' : ''}${shown}${names} (exclude_from_sim no) (in_bom ${
      s.power ? 'no' : 'yes'
    }) (on_board yes)`,
    `      ${property('Reference', s.prefix, s.fields.ref ?? [0, 0], s.power)}`,
    `      ${property('Value', name, s.fields.value ?? [0, 0])}`,
    `      ${property('Footprint', '', [0, 0], true)}`,
    `      ${property('Datasheet', '~', [0, 0], true)}`,
    `      ${property('Description', '', [0, 0], true)}`,
    `      (symbol "${name}_0_1" ${s.gfx.map(graphicText).join(' ')})`,
    `      (symbol "${name}_1_1" ${s.pins.map(pinText).join(' ')})`,
    '      (embedded_fonts no)',
    '    )',
  ].join('\n');
};
