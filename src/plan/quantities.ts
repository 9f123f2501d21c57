/** Quantities as people write them in plans: a number and its unit in one word, `400ms`, `6.3W`. */

/** Each kind of quantity with its units, every unit as a multiple of the kind's first one. */
const unitTable = {
  time: { ms: 1, ns: 1e-6, us: 1e-3, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 },
  power: { mW: 1, W: 1000 },
  current: { mA: 1, A: 1000 },
  voltage: { mV: 1, V: 1000 },
  resistance: { ohm: 1, kohm: 1000 },
  size: { bytes: 1, KiB: 1024, MiB: 1_048_576, GiB: 1_073_741_824, TiB: 1_099_511_627_776 },
} as const satisfies Record<string, Readonly<Record<string, number>>>;

export type QuantityKind = keyof typeof unitTable;

interface Unit {
  readonly kind: QuantityKind;
  readonly factor: number;
}

const unitsByName = new Map<string, Unit>(
  Object.entries(unitTable).flatMap(([kind, units]) =>
    Object.entries(units).map(([name, factor]): [string, Unit] => [name, { kind: kind as QuantityKind, factor }]),
  ),
);

export const kindOfUnit = (unit: string): QuantityKind | undefined => unitsByName.get(unit)?.kind;
export const unitsOfKind = (kind: QuantityKind): readonly string[] => Object.keys(unitTable[kind]);

/** For JSON Schema: a number and any unit of the kind of `unit`. */
export const quantityPattern = (unit: string): string => {
  const kind = kindOfUnit(unit);
  return `^[+-]?\\d+(\\.\\d+)?\\s?(${kind === undefined ? '' : unitsOfKind(kind).join('|')})$`;
};

const numberAndUnit = /^([+-]?\d+(?:\.\d+)?)\s?([A-Za-z]*)$/;
/** Removes what binary fractions leave behind (1.1 s must be 1100 ms exactly). */
const tidy = (value: number): number => Number(value.toPrecision(12));

/** Either a value in the wanted unit or a message that says what is wrong with the text. */
export type Parsed = { readonly value: number } | { readonly problem: string };

/** A quantity that must carry its unit, in `unit`. */
export const parseQuantity = (input: unknown, unit: string): Parsed => {
  const wanted = unitsByName.get(unit);
  if (wanted === undefined) return { problem: `no such unit: ${unit}` };
  const example = `${exampleValues[wanted.kind]}`;
  if (typeof input === 'number') return { problem: `needs a unit, such as ${input}${unit}` };
  const match = typeof input === 'string' ? numberAndUnit.exec(input.trim()) : null;
  if (match === null) return { problem: `must be a number with a unit, such as ${example}` };
  const [, digits = '', name = ''] = match;
  if (name === '') return { problem: `needs a unit, such as ${digits}${unit}` };
  const given = unitsByName.get(name);
  if (given === undefined) {
    const sameLetters = [...unitsByName.keys()].find((known) => known.toLowerCase() === name.toLowerCase());
    const hint = sameLetters === undefined ? '' : `, did you mean ${sameLetters}?`;
    return { problem: `unknown unit ${name}${hint} (${unitsOfKind(wanted.kind).join(', ')})` };
  }
  if (given.kind !== wanted.kind) {
    return { problem: `${digits}${name} is a ${given.kind}, here a ${wanted.kind} is needed, such as ${example}` };
  }
  return { value: tidy((Number(digits) * given.factor) / wanted.factor) };
};

const exampleValues: Readonly<Record<QuantityKind, string>> = {
  time: '400ms',
  power: '6.3W',
  current: '375mA',
  voltage: '48V',
  resistance: '25kohm',
  size: '512bytes',
};

/** A limit: a bare number is taken in the measurement's own unit, a unit of the same kind is converted. */
export const parseInUnit = (input: unknown, unit: string): Parsed => {
  if (typeof input === 'number') {
    return Number.isFinite(input) ? { value: input } : { problem: 'must be a finite number' };
  }
  if (kindOfUnit(unit) !== undefined) return parseQuantity(input, unit);
  return { problem: `must be a plain number of ${unit}` };
};
