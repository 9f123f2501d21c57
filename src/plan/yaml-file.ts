/** YAML files with every problem at once, each with its line and column. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { isCollection, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { BenchError, type ErrorCode } from '../errors.js';
import { type JsonShape, jsonShapeOf } from './fields.js';
import { didYouMean } from './suggestion.js';

/** Far above any sensible plan, far below anything that could hurt. */
export const longestFileBytes = 64 * 1024;
const mostProblemsListed = 50;

export type YamlPath = readonly PropertyKey[];

/** Something wrong at a place of the document. `key`: point at the key and not at its value. */
export interface Problem {
  readonly path: YamlPath;
  readonly message: string;
  readonly at?: 'key' | 'value';
}

interface LocatedProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface YamlSource {
  readonly value: unknown;
  /** Duplicate keys and the like: the document can be read, but not trusted. */
  readonly problems: readonly LocatedProblem[];
  locate(problem: Problem): LocatedProblem;
  /** Every single value of the document, in its order. */
  leaves(): readonly YamlLeaf[];
}

/** A value as it is written, where, and what the comment behind it says. */
export interface YamlLeaf {
  readonly path: YamlPath;
  readonly text: string;
  readonly line: number;
  readonly comment: string | null;
}

const refusal = (code: ErrorCode, path: string, problems: readonly LocatedProblem[]): BenchError => {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = sorted
    .slice(0, mostProblemsListed)
    .map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
  if (sorted.length > mostProblemsListed) lines.push(`and ${sorted.length - mostProblemsListed} more`);
  return new BenchError(code, `${basename(path)}\n${lines.join('\n')}`);
};

/** The bytes of a regular file of sensible size, as text. Throws `unreadable` or `invalid`. */
export const readTextFile = (path: string, codes: { unreadable: ErrorCode; invalid: ErrorCode }): string => {
  const buffer = Buffer.alloc(longestFileBytes + 1);
  let length = 0;
  try {
    const descriptor = openSync(path, 'r');
    try {
      if (!fstatSync(descriptor).isFile()) throw new Error('not a regular file');
      for (let got = -1; got !== 0 && length < buffer.length; length += got) {
        got = readSync(descriptor, buffer, length, buffer.length - length, null);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BenchError(codes.unreadable, `${path}: ${reason}`, { cause });
  }
  if (length > longestFileBytes) {
    throw refusal(codes.invalid, path, [{ line: 1, column: 1, message: `is larger than ${longestFileBytes} bytes` }]);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
  } catch (cause) {
    throw new BenchError(codes.invalid, `${basename(path)}\n${path}:1:1: is not UTF-8 text`, { cause });
  }
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const controlCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/;

const hexCode = (character: string): string =>
  `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

/** Reads one YAML document; throws `code` with every line that cannot be read. */
export const parseYaml = (text: string, path: string, code: ErrorCode): YamlSource => {
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const control = controlCharacter.exec(text);
  if (control !== null) {
    const before = text.slice(0, control.index).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    const message = `holds the control character ${hexCode(control[0])}: this is not a text file`;
    throw refusal(code, path, [{ line: before.length, column, message }]);
  }
  if (text.trim() === '') throw refusal(code, path, [{ line: 1, column: 1, message: 'is empty' }]);

  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const fatal: LocatedProblem[] = [];
    const problems: LocatedProblem[] = [];
    for (const { pos, message, code: kind } of [...document.errors, ...document.warnings]) {
      (kind === 'DUPLICATE_KEY' ? problems : fatal).push({ ...place(pos[0]), message: message.split('\n')[0] ?? '' });
    }
    visit(document, {
      Alias: (_, { range, source }) => {
        fatal.push({ ...place(range?.[0] ?? 0), message: `aliases are not allowed (*${source}): write the value out` });
      },
    });
    if (fatal.length > 0) throw refusal(code, path, [...fatal, ...problems]);

    const locate = ({ path: at, message, at: which = 'value' }: Problem): LocatedProblem => {
      const offset = offsetOf(document.contents, at, which);
      const name = at.map(String).join('.');
      return { ...place(offset), message: name === '' ? message : `${name}: ${message}` };
    };
    const leaves = () =>
      leavesOf(document.contents, []).map(
        ({ node, ...leaf }): YamlLeaf => ({
          ...leaf,
          text: text.slice(node.range?.[0] ?? 0, node.range?.[1] ?? 0),
          line: place(startOf(node) ?? 0).line,
          comment: node.comment?.trim() ?? null,
        }),
      );
    return { value: document.toJS(), problems, locate, leaves };
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw refusal(code, path, [{ line: 1, column: 1, message: 'is nested too deeply' }]);
    }
    throw cause;
  }
};

const keyText = (key: unknown): string => String(isScalar(key) ? key.value : key);

interface Node {
  readonly range?: readonly [number, number, number] | null | undefined;
  readonly comment?: string | null | undefined;
}

/** What is written on one line counts as one value, a list or a section too. */
const leavesOf = (node: unknown, path: YamlPath): readonly { readonly path: YamlPath; readonly node: Node }[] => {
  const isBlock = isCollection(node) && node.flow !== true;
  if (!isBlock) return [{ path, node: (node ?? {}) as Node }];
  if (isMap(node)) return node.items.flatMap(({ key, value }) => leavesOf(value ?? key, [...path, keyText(key)]));
  return node.items.flatMap((item, index) => leavesOf(item, [...path, index]));
};
const startOf = (node: unknown): number | undefined => (node as Node | null)?.range?.[0];

/** Start of the node at `path`, or of the innermost one there is (for what is missing). */
const offsetOf = (root: unknown, path: YamlPath, which: 'key' | 'value'): number => {
  let node = root;
  let offset = startOf(root) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => keyText(key) === String(step));
      if (pair === undefined) return offset;
      const keyOffset = startOf(pair.key) ?? offset;
      const last = depth === path.length - 1;
      // A section that lacks something is best pointed at by its own key.
      offset = last && which === 'value' && !isMap(pair.value) ? (startOf(pair.value) ?? keyOffset) : keyOffset;
      node = pair.value;
    } else {
      const item: unknown = (node as { items?: readonly unknown[] } | null)?.items?.[Number(step)];
      if (item === undefined) return offset;
      offset = startOf(item) ?? offset;
      node = item;
    }
  }
  return offset;
};

/** The keys an object at `path` may have, for suggestions. */
const keysAt = (schema: z.ZodType, path: YamlPath): readonly string[] => {
  let here: readonly JsonShape[] = [jsonShapeOf(schema)];
  for (const step of path) {
    here = variantsOf(here).flatMap((shape) => {
      const { properties, items, additionalProperties } = shape as Readonly<Record<string, JsonShape | undefined>>;
      const next = properties?.[String(step)] ?? (typeof step === 'number' ? items : additionalProperties);
      return typeof next === 'object' ? [next as JsonShape] : [];
    });
  }
  return variantsOf(here).flatMap(({ properties }) => Object.keys(properties ?? {}));
};

const variantsOf = (shapes: readonly JsonShape[]): readonly JsonShape[] =>
  shapes.flatMap((shape) => {
    const variants = (shape.anyOf ?? shape.oneOf) as readonly JsonShape[] | undefined;
    return variants === undefined ? [shape] : variantsOf(variants);
  });

const describeIssue = (issue: z.core.$ZodIssue, schema: z.ZodType): readonly Problem[] => {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key): Problem => {
      const path = [...issue.path, key];
      return { path, message: `unknown key${didYouMean(key, known)}`, at: 'key' };
    });
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) return [{ path: issue.path, message: 'is missing' }];
  if (issue.code === 'invalid_type') {
    const wanted = issue.expected === 'object' || issue.expected === 'record' ? 'a section of keys' : issue.expected;
    return [{ path: issue.path, message: `must be ${wanted === 'array' ? 'a list' : wanted}` }];
  }
  return [{ path: issue.path, message: issue.message }];
};

/** What a schema makes of a part of the document, or its problems with their full paths. */
export const checkPart = <Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  prefix: YamlPath,
): { readonly output?: Output; readonly problems: readonly Problem[] } => {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { output: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => describeIssue(issue, schema));
  return { problems: problems.map((problem) => ({ ...problem, path: [...prefix, ...problem.path] })) };
};

/** Throws when there is any problem. */
export const refuseProblems = (
  code: ErrorCode,
  path: string,
  source: YamlSource,
  problems: readonly Problem[],
): void => {
  const located = [...source.problems, ...problems.map(source.locate)];
  if (located.length > 0) throw refusal(code, path, located);
};
