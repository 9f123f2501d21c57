/**
 * What may be in a plan set: plans that load, and the pictures that their prompts name. Paths are relative to the set's own
 * folder, with `/`, and lie below it on any file system.
 */
import { createHash, randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import { BenchError, isBenchError } from '../errors.js';
import { parsePlan } from '../plan/load-plan.js';
import type { LoadedPlan, Plan } from '../plan/plan.js';
import { longestPictureBytes, pictureProblem } from '../plan/prompt-pictures.js';
import { longestFileBytes } from '../plan/yaml-file.js';

export interface SetFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** `loaded.path` is the path in the set; paths inside the plan lead nowhere until it lies in a folder. */
export interface PlanOfSet {
  readonly path: string;
  readonly loaded: LoadedPlan;
}

export const mostSetFiles = 200;
const longestPath = 200;
const mostProblemsTold = 50;

export const isPlanPath = (path: string): boolean => /\.ya?ml$/.test(path);
export const sha256Of = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Why no file of a set may lie there; undefined: it may. */
export const pathProblem = (path: string): string | undefined => {
  if (path === '' || path.length > longestPath) return `is not 1 to ${longestPath} letters long`;
  if (/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(path)) return 'holds control characters';
  if (path.startsWith('/') || /[\\:]/.test(path)) return 'is not a relative path with /';
  if (path.split('/').some((part) => part === '' || part.startsWith('.') || /^ | $/.test(part)))
    return 'has a part that is empty, begins with a dot or has a blank at its end';
  return path.normalize('NFC') === path ? undefined : 'is not in Unicode’s composed form (NFC)';
};

/** What two names share on a file system that does not know capitals apart. */
const folded = (path: string): string => path.normalize('NFKC').toLowerCase();

const pathProblems = (paths: readonly string[]): readonly string[] => {
  const files = new Set<string>();
  const folders = new Set<string>();
  const problems: string[] = [];
  for (const path of paths) {
    const problem = pathProblem(path);
    if (problem !== undefined) {
      problems.push(`the path ${JSON.stringify(path.slice(0, longestPath))} ${problem}`);
      continue;
    }
    const parts = folded(path).split('/');
    const parents = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
    const name = parts.join('/');
    if (files.has(name) || folders.has(name) || parents.some((parent) => files.has(parent)))
      problems.push(`${path} has the place of another file of the set (capitals do not count)`);
    files.add(name);
    for (const parent of parents) folders.add(parent);
  }
  return problems;
};

/** So deep that a relative path which climbs out of the set is still below the first part, which nobody can guess. */
const depth = 40;

/** The plan at `path` of a set, as if the set lay in a folder that nobody can name. Throws BenchError PLAN_INVALID. */
const parseInSet = (
  text: string,
  path: string,
): { readonly loaded: LoadedPlan; relativeOf(absolute: string): string | null } => {
  const top = `/${randomUUID()}`;
  const root = `${top}${'/d'.repeat(depth)}`;
  const relativeOf = (absolute: string) => (absolute.startsWith(`${top}/`) ? posix.relative(root, absolute) : null);
  try {
    return { loaded: { ...parsePlan(text, `${root}/${path}`), path }, relativeOf };
  } catch (error) {
    if (!isBenchError(error)) throw error;
    throw new BenchError('PLAN_INVALID', error.detail.replaceAll(`${root}/`, ''), { cause: error });
  }
};

const placeProblems = (
  path: string,
  { prompts, tftp, dhcp }: Plan,
  relativeOf: (absolute: string) => string | null,
  named: (picture: string) => boolean,
): readonly string[] => [
  ...prompts.flatMap(({ id, picture }) => {
    if (picture?.kind !== 'file') return [];
    const inSet = relativeOf(picture.path);
    if (inSet !== null && named(inSet)) return [];
    return [`${path}: prompt ${id}: the picture ${inSet ?? picture.path} is not in the set`];
  }),
  ...[
    ['tftp.filesDirectory', tftp.filesDirectory] as const,
    ['dhcp.leaseDirectory', dhcp.leaseDirectory] as const,
  ].flatMap(([key, folder]) =>
    folder === null || relativeOf(folder) === null
      ? []
      : [`${path}: ${key}: a plan of a set names a folder of the station by its whole path, from / on`],
  ),
];

/** Everything that is wrong with the files, one line each, and the plans among them. */
export const examineSetFiles = (
  files: readonly SetFile[],
): { readonly plans: readonly PlanOfSet[]; readonly problems: readonly string[] } => {
  const problems = [...pathProblems(files.map(({ path }) => path))];
  if (problems.length > 0) return { plans: [], problems: problems.slice(0, mostProblemsTold) };
  const pictures = new Map(files.filter(({ path }) => !isPlanPath(path)).map((file) => [file.path, file]));
  const needed = new Set<string>();
  const plans: PlanOfSet[] = [];
  const owners = new Map<string, string>();
  for (const { path, bytes } of files.filter((file) => isPlanPath(file.path))) {
    if (bytes.length > longestFileBytes) {
      problems.push(`${path}:1:1: is larger than ${longestFileBytes} bytes`);
      continue;
    }
    try {
      const { loaded, relativeOf } = parseInSet(bytes.toString('utf8'), path);
      const { name } = loaded.plan;
      const isThere = (picture: string) => {
        needed.add(picture);
        return pictures.has(picture);
      };
      problems.push(...placeProblems(path, loaded.plan, relativeOf, isThere));
      const owner = owners.get(name);
      if (owner !== undefined) problems.push(`${path}: its name ${name} is also that of ${owner}`);
      owners.set(name, path);
      plans.push({ path, loaded });
    } catch (error) {
      if (!isBenchError(error)) throw error;
      // The first line of such a message names the file once more.
      problems.push(...error.detail.split('\n').slice(1));
    }
  }
  if (plans.length === 0 && problems.length === 0) problems.push('there is no plan in it');
  for (const { path, bytes } of pictures.values()) {
    if (!needed.has(path)) problems.push(`${path}: no plan of the set names it`);
    else if (bytes.length > longestPictureBytes)
      problems.push(`${path}: is larger than ${longestPictureBytes / 1024} KiB`);
    else {
      const problem = pictureProblem(path, bytes);
      if (problem !== undefined) problems.push(`${path}: ${problem}`);
    }
  }
  return { plans, problems: problems.slice(0, mostProblemsTold) };
};
