import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { LoadedPlan, Plan } from './plan.js';
import { crossCheck } from './plan-checks.js';
import { planParts } from './plan-schema.js';
import { didYouMean } from './suggestion.js';
import { checkPart, type Problem, parseYaml, readTextFile, refuseProblems } from './yaml-file.js';

/** Plans read last, by path: a daemon that starts phone after phone checks a text once. */
const readLast = new Map<string, LoadedPlan>();
const plansKept = 16;

/** Reads and checks a plan. Throws BenchError PLAN_UNREADABLE, or PLAN_INVALID with every problem on its own line. */
export const loadPlan = (path: string): LoadedPlan => {
  const text = readTextFile(path, { unreadable: 'PLAN_UNREADABLE', invalid: 'PLAN_INVALID' });
  const place = resolve(path);
  const known = readLast.get(place);
  const loaded = known?.text === text ? { ...known, path } : parsePlan(text, path);
  readLast.delete(place);
  readLast.set(place, loaded);
  for (const oldest of readLast.keys()) if (readLast.size > plansKept) readLast.delete(oldest);
  return loaded;
};

const isSection = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `path` names the file in messages and is where relative paths in the plan start. Throws BenchError PLAN_INVALID. */
export const parsePlan = (text: string, path: string): LoadedPlan => {
  const source = parseYaml(text, path, 'PLAN_INVALID');
  const parts = planParts(dirname(resolve(path)));
  const names = Object.keys(parts) as (keyof typeof parts)[];
  const root = isSection(source.value) ? source.value : undefined;

  const problems: Problem[] = [];
  const read: Record<string, unknown> = {};
  if (root === undefined) problems.push({ path: [], message: 'must be a section of keys' });
  else {
    for (const key of Object.keys(root).filter((key) => !Object.hasOwn(parts, key))) {
      problems.push({ path: [key], message: `unknown key${didYouMean(key, names)}`, at: 'key' });
    }
    for (const name of names) {
      const value = Object.hasOwn(root, name) ? root[name] : undefined;
      const part = checkPart<unknown>(parts[name], value, [name]);
      problems.push(...part.problems);
      if ('output' in part) read[name] = part.output;
    }
    problems.push(...crossCheck(read as Partial<Plan>));
  }
  refuseProblems('PLAN_INVALID', path, source, problems);
  // Every part was read by its schema, or the line above has thrown.
  return { plan: read as unknown as Plan, text, hash: createHash('sha256').update(text).digest('hex'), path };
};
