// One drawing of the schematic: parts are placed on a grid, wires run from pin to pin, junctions are found by geometry.
// All coordinates are grid units of 1.27 mm, y downwards. The result is a KiCad 9 .kicad_sch text.
import { createHash } from 'node:crypto';
import { partOf, provenPart } from './parts.mjs';
import { symbolNamed, symbolText } from './symbols.mjs';

const GRID_MM = 1.27;
const mm = (units) => Number((units * GRID_MM).toFixed(4));
const quoted = (text) => `"${String(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

/** A UUID that stays the same from run to run: it depends on nothing but its seed. */
export const stableUuid = (seed) => {
  const h = createHash('sha1').update(`linkpulse ${seed}`).digest('hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}`;
};

const font = (size, bold) => `(font (size ${size} ${size})${bold ? ' (bold yes)' : ''})`;

export class Sheet {
  constructor({ name, number, title, paper = 'A3', path, uuid, comments = [] }) {
    Object.assign(this, { name, number, title, paper, path, uuid, comments });
    this.items = [];
    this.segments = [];
    this.pinPoints = [];
    this.namePoints = [];
    this.symbols = new Set();
    this.counters = {};
    this.serial = 0;
  }

  #id() {
    this.serial += 1;
    return stableUuid(`${this.name} ${this.serial}`);
  }

  #reference(prefix) {
    this.counters[prefix] = (this.counters[prefix] ?? 0) + 1;
    return `${prefix}${this.number * 100 + this.counters[prefix]}`;
  }

  /** Places a part; returns an object whose p(pin) gives a pin's point. */
  place(symbolName, x, y, { part, fn, value, label = {}, ref, dnp = false } = {}) {
    const symbol = symbolNamed(symbolName);
    this.symbols.add(symbolName);
    const data = partOf(part ?? (fn && provenPart(fn)) ?? symbol.part);
    const reference = ref ?? this.#reference(symbol.prefix);
    const at = { ...symbol.fields, ...label };
    const property = (name, text, [fx, fy], justify, hide, size = 1.27) =>
      `    (property ${quoted(name)} ${quoted(text)} (at ${mm(x + fx)} ${mm(y + fy)} 0) (effects ${font(size)}${
        justify ? ` (justify ${justify})` : ''
      }${hide ? ' (hide yes)' : ''}))`;
    const id = this.#id();
    this.items.push(
      [
        `  (symbol (lib_id "linkpulse:${symbolName}") (at ${mm(x)} ${mm(y)} 0) (unit 1) (exclude_from_sim no) (in_bom ${
          data ? 'yes' : 'no'
        }) (on_board yes) (dnp ${dnp ? 'yes' : 'no'}) (uuid "${id}")`,
        property('Reference', reference, at.ref ?? [0, 0], at.justify, symbol.power),
        property(
          'Value',
          value ?? data?.value ?? symbolName,
          at.value ?? [0, 0],
          at.justify,
          symbolName === 'PWR_FLAG',
        ),
        property('Footprint', '', [0, 0], undefined, true),
        property('Datasheet', '~', [0, 0], undefined, true),
        property('Description', data?.description ?? symbol.description ?? '', [0, 0], undefined, true),
        ...(data
          ? ['MPN', 'Manufacturer', 'Rating', 'Package'].map((key) =>
              property(key, data[key.toLowerCase()], [0, 0], undefined, true),
            )
          : []),
        ...(fn ? [property('Function', fn, [0, 0], undefined, true)] : []),
        ...symbol.pins.map((pin) => `    (pin "${pin.n}" (uuid "${stableUuid(`${id} ${pin.n}`)}"))`),
        `    (instances (project "linkpulse" (path "${this.path}" (reference "${reference}") (unit 1))))`,
        '  )',
      ].join('\n'),
    );
    for (const pin of symbol.pins) this.pinPoints.push([x + pin.x, y + pin.y]);
    return {
      ref: reference,
      x,
      y,
      p: (n) => {
        const pin = symbol.pins.find((q) => q.n === String(n) || q.name === n);
        if (!pin) throw new Error(`${symbolName} has no pin ${n}`);
        return [x + pin.x, y + pin.y];
      },
    };
  }

  /** A power symbol whose pin stands at a point; `stub` moves it away with a wire. */
  power(net, [x, y], [dx, dy] = [0, 0]) {
    if (dx || dy) this.wire([x, y], [x + dx, y + dy]);
    const id = `#PWR${this.number * 100 + (this.counters['#PWR'] ?? 0) + 1}`;
    this.counters['#PWR'] = (this.counters['#PWR'] ?? 0) + 1;
    return this.place(net, x + dx, y + dy, { value: net, ref: id });
  }

  /** Tells the rules check that a net has a source. */
  flag([x, y], [dx, dy] = [0, 0]) {
    if (dx || dy) this.wire([x, y], [x + dx, y + dy]);
    this.counters['#FLG'] = (this.counters['#FLG'] ?? 0) + 1;
    this.place('PWR_FLAG', x + dx, y + dy, {
      value: 'PWR_FLAG',
      ref: `#FLG${this.number * 100 + this.counters['#FLG']}`,
    });
  }

  /** A wire through points; '-' or '|' before a point says which leg of its corner comes first; {x} or {y} moves along one axis. */
  wire(...route) {
    let at;
    let first = '-';
    for (const step of route) {
      if (step === '-' || step === '|') {
        first = step;
        continue;
      }
      const to = Array.isArray(step) ? step : [step.x ?? at[0], step.y ?? at[1]];
      if (at) {
        const corner = first === '-' ? [to[0], at[1]] : [at[0], to[1]];
        this.#segment(at, corner);
        this.#segment(corner, to);
      }
      at = to;
      first = '-';
    }
    return at;
  }

  #segment(a, b) {
    if (a[0] === b[0] && a[1] === b[1]) return;
    this.segments.push([a, b]);
  }

  /** A net's name on a wire. */
  label(text, [x, y], { right = false } = {}) {
    this.namePoints.push([x, y]);
    this.items.push(
      `  (label ${quoted(text)} (at ${mm(x)} ${mm(y)} ${right ? 180 : 0}) (effects ${font(1.27)} (justify ${
        right ? 'right' : 'left'
      } bottom)) (uuid "${this.#id()}"))`,
    );
  }

  /** A port of the sheet. side: where the flag's body points ('L': the sheet's left edge). */
  port(text, shape, [x, y], side = 'L') {
    this.namePoints.push([x, y]);
    this.items.push(
      `  (hierarchical_label ${quoted(text)} (shape ${shape}) (at ${mm(x)} ${mm(y)} ${side === 'L' ? 180 : 0}) (effects ${font(
        1.27,
      )} (justify ${side === 'L' ? 'right' : 'left'})) (uuid "${this.#id()}"))`,
    );
  }

  noConnect(...points) {
    for (const [x, y] of points) this.items.push(`  (no_connect (at ${mm(x)} ${mm(y)}) (uuid "${this.#id()}"))`);
  }

  note(text, [x, y], { size = 1.5, bold = false } = {}) {
    this.items.push(
      `  (text ${quoted(text)} (exclude_from_sim no) (at ${mm(x)} ${mm(y)} 0) (effects ${font(
        size,
        bold,
      )} (justify left top)) (uuid "${this.#id()}"))`,
    );
  }

  /** A dashed frame round what belongs together, with its heading. */
  frame(heading, x1, y1, x2, y2) {
    this.items.push(
      `  (rectangle (start ${mm(x1)} ${mm(y1)}) (end ${mm(x2)} ${mm(y2)}) (stroke (width 0.2) (type dash) (color 120 120 120 1)) (fill (type none)) (uuid "${this.#id()}"))`,
    );
    this.note(heading, [x1 + 1, y1 + 1], { size: 1.8, bold: true });
  }

  line(x1, y1, x2, y2, width = 0.6, type = 'dash') {
    this.items.push(
      `  (polyline (pts (xy ${mm(x1)} ${mm(y1)}) (xy ${mm(x2)} ${mm(y2)})) (stroke (width ${width}) (type ${type}) (color 180 0 0 1)) (fill (type none)) (uuid "${this.#id()}"))`,
    );
  }

  /** A sheet symbol on the root page. pins: [name, shape, 'L'|'R', y]. */
  block({ name, title, file, uuid, x, y, width, height, page, pins, rootUuid }) {
    this.items.push(
      [
        `  (sheet (at ${mm(x)} ${mm(y)}) (size ${mm(width)} ${mm(height)}) (exclude_from_sim no) (in_bom yes) (on_board yes) (dnp no) (stroke (width 0.25) (type solid)) (fill (color 255 255 194 1)) (uuid "${uuid}")`,
        `    (property "Sheetname" ${quoted(name)} (at ${mm(x)} ${mm(y - 0.6)} 0) (effects ${font(1.8, true)} (justify left bottom)))`,
        `    (property "Sheetfile" ${quoted(file)} (at ${mm(x)} ${mm(y + height + 0.6)} 0) (effects ${font(1.0)} (justify left top)))`,
        ...pins.map(
          ([pin, shape, side, py]) =>
            `    (pin ${quoted(pin)} ${shape} (at ${mm(side === 'L' ? x : x + width)} ${mm(py)} ${
              side === 'L' ? 180 : 0
            }) (effects ${font(1.27)} (justify ${side === 'L' ? 'left' : 'right'})) (uuid "${stableUuid(`${uuid} ${pin}`)}"))`,
        ),
        `    (instances (project "linkpulse" (path "/${rootUuid}" (page "${page}"))))`,
        '  )',
      ].join('\n'),
    );
    for (const [, , side, py] of pins) this.pinPoints.push([side === 'L' ? x : x + width, py]);
    this.note(title, [x + 2, y + 2], { size: 1.5 });
  }

  #junctions() {
    const ways = new Map();
    const count = (p) => ways.set(p.join(), { p, n: (ways.get(p.join())?.n ?? 0) + 1 });
    for (const [a, b] of this.#brokenWires()) {
      count(a);
      count(b);
    }
    for (const p of this.pinPoints) count(p);
    return [...ways.values()].filter(({ n }) => n >= 3).map(({ p }) => p);
  }

  /** KiCad joins wires at their ends only: each is broken where another ends, at a pin and at a name; doubles are dropped. */
  #brokenWires() {
    const points = [...this.segments.flat(), ...this.pinPoints, ...this.namePoints];
    const pieces = new Map();
    for (const [a, b] of this.segments) {
      const axis = a[0] === b[0] ? 1 : 0;
      const [low, high] = [Math.min(a[axis], b[axis]), Math.max(a[axis], b[axis])];
      const cuts = points
        .filter((p) => p[1 - axis] === a[1 - axis] && p[axis] >= low && p[axis] <= high)
        .map((p) => p[axis]);
      const stops = [...new Set(cuts)].sort((x, y) => x - y);
      for (let i = 1; i < stops.length; i += 1) {
        const end = (v) => (axis === 1 ? [a[0], v] : [v, a[1]]);
        const piece = [end(stops[i - 1]), end(stops[i])];
        pieces.set(piece.flat().join(), piece);
      }
    }
    return [...pieces.values()];
  }

  text({ root = false } = {}) {
    const junctions = this.#junctions();
    const wires = this.#brokenWires();
    return [
      `(kicad_sch (version 20250114) (generator "linkpulse") (generator_version "9.0") (uuid "${this.uuid}") (paper "${this.paper}")`,
      `  (title_block (title ${quoted(this.title)}) (rev "A") (company "Linkpulse")${this.comments
        .map((c, i) => ` (comment ${i + 1} ${quoted(c)})`)
        .join('')})`,
      '  (lib_symbols',
      ...[...this.symbols].sort().map((name) => symbolText(name, 'linkpulse:')),
      '  )',
      ...junctions.map(
        ([x, y]) =>
          `  (junction (at ${mm(x)} ${mm(y)}) (diameter 0) (color 0 0 0 0) (uuid "${stableUuid(`${this.name} j ${x} ${y}`)}"))`,
      ),
      ...wires.map(
        ([a, b], i) =>
          `  (wire (pts (xy ${mm(a[0])} ${mm(a[1])}) (xy ${mm(b[0])} ${mm(b[1])})) (stroke (width 0) (type default)) (uuid "${stableUuid(`${this.name} w ${i}`)}"))`,
      ),
      ...this.items,
      ...(root ? ['  (sheet_instances (path "/" (page "1")))'] : []),
      '  (embedded_fonts no)',
      ')',
      '',
    ].join('\n');
  }
}
