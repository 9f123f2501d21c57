import { XMLParser } from 'fast-xml-parser';

/** A part as the net list tells it; `nets` without those that end at the part itself. */
export interface Part {
  readonly ref: string;
  readonly value: string;
  readonly mpn: string;
  readonly rating: string;
  readonly function: string;
  readonly nets: readonly string[];
}

export interface PinOnNet {
  readonly ref: string;
  readonly pin: string;
  readonly type: string;
}

export interface Board {
  readonly parts: ReadonlyMap<string, Part>;
  pinsOf(net: string): readonly PinOnNet[];
  netOf(ref: string, pin: string): string;
  /** The only part with this manufacturer's number. */
  part(mpn: string): Part;
}

interface XmlField {
  readonly '@_name': string;
  readonly '#text'?: string;
}
interface XmlPart {
  readonly '@_ref': string;
  readonly value: string;
  readonly fields?: { readonly field: readonly (XmlField | string)[] };
}
interface XmlNet {
  readonly '@_name': string;
  readonly node: readonly { readonly '@_ref': string; readonly '@_pin': string; readonly '@_pintype': string }[];
}

/** Reads KiCad's `kicadxml` net list. */
export const readBoard = (xml: string): Board => {
  const parser = new XMLParser({
    ignoreAttributes: false,
    parseTagValue: false,
    isArray: (name) => ['comp', 'net', 'node', 'field'].includes(name),
  });
  const list: { components: { comp: readonly XmlPart[] }; nets: { net: readonly XmlNet[] } } = parser.parse(xml).export;
  const nets = new Map<string, readonly PinOnNet[]>();
  const netOfPin = new Map<string, string>();
  for (const net of list.nets.net) {
    nets.set(
      net['@_name'],
      net.node.map((node) => ({ ref: node['@_ref'], pin: node['@_pin'], type: node['@_pintype'] })),
    );
    for (const node of net.node) netOfPin.set(`${node['@_ref']}.${node['@_pin']}`, net['@_name']);
  }
  const parts = new Map<string, Part>();
  for (const comp of list.components.comp) {
    const field = (name: string): string => {
      for (const entry of comp.fields?.field ?? [])
        if (typeof entry !== 'string' && entry['@_name'] === name) return entry['#text'] ?? '';
      return '';
    };
    const ref = comp['@_ref'];
    const own = [...nets].filter(([, pins]) => pins.some((pin) => pin.ref === ref)).map(([name]) => name);
    parts.set(ref, {
      ref,
      value: comp.value,
      mpn: field('MPN'),
      rating: field('Rating'),
      function: field('Function'),
      nets: own,
    });
  }
  const required = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new Error(`the net list has no ${what}`);
    return value;
  };
  return {
    parts,
    pinsOf: (net) => nets.get(net) ?? [],
    netOf: (ref, pin) => required(netOfPin.get(`${ref}.${pin}`), `pin ${ref}.${pin}`),
    part: (mpn) =>
      required(
        [...parts.values()].find((part) => part.mpn === mpn),
        mpn,
      ),
  };
};

// Which pins of a part belong together inside it; the groups are isolated from each other. All other parts are one group.
const GROUPS: readonly (readonly [mpn: RegExp, groups: readonly (readonly string[])[]])[] = [
  [
    /^ISO774/,
    [
      ['1', '2', '3', '4', '5', '6', '7', '8'],
      ['9', '10', '11', '12', '13', '14', '15', '16'],
    ],
  ],
  [
    /^ISO772/,
    [
      ['1', '2', '3', '4'],
      ['5', '6', '7', '8'],
    ],
  ],
  [
    /^ITX/,
    [
      ['1', '2'],
      ['6', '7'],
    ],
  ],
  [
    /^AQY/,
    [
      ['1', '2'],
      ['3', '4'],
    ],
  ],
  // The windings of transformers, the coil and the poles of relays.
  [
    /^HX1188/,
    [
      ['1', '2', '3'],
      ['6', '7', '8'],
      ['16', '15', '14'],
      ['11', '10', '9'],
    ],
  ],
  [
    /^7490220123/,
    [
      ['1', '2', '3'],
      ['4', '5', '6'],
      ['7', '8', '9'],
      ['10', '11', '12'],
      ['13', '14', '15'],
      ['16', '17', '18'],
      ['19', '20', '21'],
      ['22', '23', '24'],
    ],
  ],
  [
    /^G6K/,
    [
      ['1', '8'],
      ['2', '3', '4'],
      ['5', '6', '7'],
    ],
  ],
  [
    /^G6S/,
    [
      ['1', '12'],
      ['3', '4', '5'],
      ['8', '9', '10'],
    ],
  ],
  [
    /^V23047/,
    [
      ['A1', 'A2'],
      ['13', '14'],
      ['21', '22'],
    ],
  ],
  // Jacks and the Pi's header join nothing by themselves.
  [/^SSQ-120-03-T-D/, Array.from({ length: 40 }, (_, at) => [String(at + 1)])],
  [/^615008144221/, ['1', '2', '3', '4', '5', '6', '7', '8'].map((pin) => [pin])],
];

/** A part made to stand across the barrier. */
export const isBarrier = (part: Part): boolean => /^(ISO77|ITX05|AQY212EH)/.test(part.mpn);

/** All nets that a conducting way through parts joins to `start`: an isolated group of pins is not crossed. */
export const reachable = (
  board: Board,
  start: string,
  options: {
    readonly without?: ReadonlySet<string>;
    readonly stopAt?: ReadonlySet<string>;
    readonly blocks?: (part: Part) => boolean;
  } = {},
): ReadonlySet<string> => {
  const seen = new Set([start]);
  const queue = [start];
  for (let net = queue.pop(); net !== undefined; net = queue.pop()) {
    if (options.stopAt?.has(net)) continue;
    for (const { ref, pin } of board.pinsOf(net)) {
      const part = board.parts.get(ref);
      if (!part || options.without?.has(ref) || options.blocks?.(part)) continue;
      const groups = GROUPS.find(([mpn]) => mpn.test(part.mpn))?.[1];
      const together = groups?.find((group) => group.includes(pin));
      const next = together ? together.map((other) => board.netOf(ref, other)) : part.nets;
      for (const other of next)
        if (!seen.has(other)) {
          seen.add(other);
          queue.push(other);
        }
    }
  }
  return seen;
};
