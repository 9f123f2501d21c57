/** What single values of plan and bench files look like: zod schemas whose messages a person can act on. */
import { z } from 'zod';
import { type Parsed, parseQuantity, quantityPattern } from './quantities.js';
import { didYouMean } from './suggestion.js';

type Outcome<Value> = { readonly value: Value } | { readonly problem: string };

const absent = (input: unknown): { readonly problem: string } | undefined => {
  if (input === undefined) return { problem: 'is missing' };
  return input === null ? { problem: 'has no value' } : undefined;
};

/** What an editor is told of a value: keywords of JSON Schema. The messages of `parse` are what counts. */
export type JsonShape = Readonly<Record<string, unknown>>;

/** A value made from whatever YAML gave. */
export const field = <Value>(parse: (input: unknown) => Outcome<Value>, shape: JsonShape) =>
  z
    .unknown()
    .transform((input, context): Value => {
      const outcome = absent(input) ?? parse(input);
      if ('value' in outcome) return outcome.value;
      context.issues.push({ code: 'custom', message: outcome.problem, input });
      return z.NEVER;
    })
    .meta(shape);

interface Bounds {
  readonly min: number;
  readonly max: number;
}

const bounded = (parsed: Parsed, { min, max }: Bounds, unit: string, whole: boolean): Parsed => {
  if ('problem' in parsed) return parsed;
  const { value } = parsed;
  if (value < min || value > max) return { problem: `must be between ${min}${unit} and ${max}${unit}` };
  if (whole && !Number.isInteger(value)) return { problem: `must be a whole number of ${unit}` };
  return parsed;
};

/** A quantity with its unit, handed on in `unit`; whole unless told otherwise. */
export const quantity = (unit: string, min: number, max: number, options: { readonly fractions?: boolean } = {}) =>
  field((input) => bounded(parseQuantity(input, unit), { min, max }, unit, options.fractions !== true), {
    type: 'string',
    pattern: quantityPattern(unit),
    description: `${min}${unit} to ${max}${unit}`,
  });

export const wholeNumber = (min: number, max: number) =>
  field<number>(
    (input) =>
      typeof input === 'number' && Number.isInteger(input) && input >= min && input <= max
        ? { value: input }
        : { problem: `must be a whole number between ${min} and ${max}` },
    { type: 'integer', minimum: min, maximum: max },
  );

/** Numbers near a VLAN's that mean something else to a switch (802.1Q 9.6; CISCO-VLAN-MEMBERSHIP-MIB vmVoiceVlanId). */
const noVlans: ReadonlyMap<unknown, string> = new Map([
  [0, '0 is a priority tag without a VLAN'],
  [4095, '4095 is reserved; to a Cisco switch it means untagged'],
  [4096, '4096 is a Cisco switch’s number for no voice VLAN'],
]);

/** 802.1Q. */
export const vlanId = () => {
  const { min, max } = { min: 1, max: 4094 };
  return field<number>(
    (input) => {
      if (typeof input === 'number' && Number.isInteger(input) && input >= min && input <= max) return { value: input };
      const isQuoted = typeof input === 'string' && /^\d+$/.test(input);
      const why = noVlans.get(input) ?? (isQuoted ? 'quotes make a text of it' : undefined);
      return { problem: `must be a whole number between ${min} and ${max}${why === undefined ? '' : ` (${why})`}` };
    },
    { type: 'integer', minimum: min, maximum: max },
  );
};

export const text = (pattern: RegExp, wanted: string) =>
  field<string>(
    (input) => (typeof input === 'string' && pattern.test(input) ? { value: input } : { problem: `must be ${wanted}` }),
    { type: 'string', pattern: pattern.source, description: wanted },
  );

/** One printable line. */
export const line = (longest: number) =>
  field<string>(
    (input) =>
      typeof input === 'string' && input.length <= longest && /^\P{Cc}+$/u.test(input)
        ? { value: input }
        : { problem: `must be one line of text, at most ${longest} characters` },
    { type: 'string', minLength: 1, maxLength: longest },
  );

export const oneOf = <const Values extends readonly string[]>(values: Values) =>
  field<Values[number]>(
    (input) => {
      const found = values.find((value) => value === input);
      if (found !== undefined) return { value: found };
      const hint = typeof input === 'string' ? didYouMean(input, values) : '';
      return { problem: `must be ${values.join(' or ')}${hint}` };
    },
    { enum: values },
  );

export const yesOrNo = () =>
  field<boolean>((input) => (typeof input === 'boolean' ? { value: input } : { problem: 'must be true or false' }), {
    type: 'boolean',
  });

/** As an editor is told of it; `$schema` belongs to whole documents only. */
export const jsonShapeOf = (schema: z.ZodType): JsonShape => {
  const { $schema: _, ...shape } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return shape;
};

/** `word` stands for null, anything else is for `schema`. */
export const orWord = <Value>(word: string, schema: z.ZodType<Value>) =>
  z
    .unknown()
    .transform((input, context): Value | null => {
      if (input === word) return null;
      const result = schema.safeParse(input, { reportInput: true });
      if (result.success) return result.data;
      for (const issue of result.error.issues) {
        const { message, path } = issue;
        const isWhole = path.length === 0 && issue.code !== 'unrecognized_keys';
        const told = absent(input)?.problem ?? `${message}, or ${word}`;
        // What is wrong inside is told as it would be without the word.
        const raw = isWhole ? { code: 'custom', message: told, input, path } : { ...issue, path: [...path] };
        context.issues.push(raw as z.core.$ZodRawIssue);
      }
      return z.NEVER;
    })
    .meta({ anyOf: [{ const: word }, jsonShapeOf(schema)] });

const dotted = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
export const isIpv4 = (input: unknown): input is string => typeof input === 'string' && dotted.test(input);

export const ipv4 = () =>
  field<string>(
    (input) => (isIpv4(input) ? { value: input } : { problem: 'must be an IPv4 address, such as 10.110.0.1' }),
    { type: 'string', format: 'ipv4' },
  );

const longestPrefix = 30;

/** `10.110.0.1/24`. */
export const addressWithPrefix = () =>
  field<{ readonly address: string; readonly prefixLength: number }>(
    (input) => {
      const [address, prefix = '', ...rest] = typeof input === 'string' ? input.split('/') : [];
      const prefixLength = /^\d{1,2}$/.test(prefix) ? Number(prefix) : 0;
      if (!isIpv4(address) || rest.length > 0 || prefixLength < 1 || prefixLength > longestPrefix) {
        return { problem: `must be an address and its prefix (at most /${longestPrefix}), such as 10.110.0.1/24` };
      }
      return { value: { address, prefixLength } };
    },
    { type: 'string', pattern: '^[\\d.]+/\\d{1,2}$', description: 'address and prefix, such as 10.110.0.1/24' },
  );

/** `10.110.0.100 - 10.110.0.199`. */
export const addressRange = () =>
  field<{ readonly first: string; readonly last: string }>(
    (input) => {
      const [first, last, ...rest] = typeof input === 'string' ? input.split('-').map((part) => part.trim()) : [];
      if (!isIpv4(first) || !isIpv4(last) || rest.length > 0) {
        return { problem: 'must be two addresses, such as 10.110.0.100 - 10.110.0.199' };
      }
      return { value: { first, last } };
    },
    { type: 'string', pattern: '^[\\d.]+\\s*-\\s*[\\d.]+$', description: 'such as 10.110.0.100 - 10.110.0.199' },
  );

export const macAddress = () => text(/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/, 'a MAC address such as 00:0f:24:01:02:03');
/** As the label and the phone's own messages have it, without the file's ending. */
export const loadName = () => text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a load name such as P00308010200');
export const phoneModel = () => text(/^CP-\d{4}[A-Z0-9-]*$/, 'a model such as CP-7960G');
