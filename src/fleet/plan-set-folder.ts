/** A folder of plans as the files of a set: its YAML files, and the pictures that their prompts name. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { BenchError, isBenchError } from '../errors.js';
import { loadBenchFile } from '../plan/load-bench-file.js';
import { loadPlan } from '../plan/load-plan.js';
import type { LoadedPlan } from '../plan/plan.js';
import { longestPictureBytes } from '../plan/prompt-pictures.js';
import { isPlanPath, type SetFile, sha256Of } from './plan-set-files.js';

export interface PlanFolder {
  readonly files: readonly SetFile[];
  /** Bench files, which tell of one station. */
  readonly leftOut: readonly string[];
}

const isBenchFile = (path: string): boolean => {
  try {
    loadBenchFile(path);
    return true;
  } catch (error) {
    if (isBenchError(error)) return false;
    throw error;
  }
};

const fileOf = (path: string, bytes: Buffer): SetFile => ({ path, bytes, sha256: sha256Of(bytes) });

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter(isPlanPath).sort();
  } catch (error) {
    throw new BenchError('USAGE', `${folder} is no folder that can be read (${(error as Error).message})`);
  }
};

const pictureAt = (folder: string, place: string): SetFile | string => {
  const path = relative(resolve(folder), place).split(sep).join('/');
  if (path.startsWith('../') || path === '') return 'lies outside the folder';
  try {
    const status = statSync(place);
    if (!status.isFile()) return 'is no file';
    if (status.size > longestPictureBytes) return `is larger than ${longestPictureBytes / 1024} KiB`;
    return fileOf(path, readFileSync(place));
  } catch (error) {
    return `cannot be read (${(error as Error).message})`;
  }
};

/** Throws BenchError PLAN_SET_INVALID with every line of every plan that is wrong, USAGE where there is no such folder. */
export const readPlanFolder = (folder: string): PlanFolder => {
  const files = new Map<string, SetFile>();
  const leftOut: string[] = [];
  const problems: string[] = [];
  const addPictures = (name: string, { plan }: LoadedPlan) => {
    for (const { id, picture } of plan.prompts) {
      if (picture?.kind !== 'file') continue;
      const found = pictureAt(folder, picture.path);
      if (typeof found === 'string') problems.push(`${join(folder, name)}: prompt ${id}: ${picture.path} ${found}`);
      else files.set(found.path, found);
    }
  };
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    try {
      const loaded = loadPlan(path);
      files.set(name, fileOf(name, Buffer.from(loaded.text, 'utf8')));
      addPictures(name, loaded);
    } catch (error) {
      if (!isBenchError(error)) throw error;
      if (isBenchFile(path)) leftOut.push(name);
      // The first line of such a message names the file once more.
      else problems.push(...(error.detail.includes('\n') ? error.detail.split('\n').slice(1) : [error.detail]));
    }
  }
  if (problems.length > 0)
    throw new BenchError('PLAN_SET_INVALID', `${folder} is not signed before these are mended\n${problems.join('\n')}`);
  if (files.size === 0) throw new BenchError('PLAN_SET_INVALID', `${folder} holds no plan (*.yaml)`);
  return { files: [...files.values()], leftOut };
};

export interface SetDifference {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly gone: readonly string[];
}

/** What is other in `after`, by path and hash. */
export const differenceOf = (before: readonly SetFile[], after: readonly SetFile[]): SetDifference => {
  const hashes = (files: readonly SetFile[]) => new Map(files.map(({ path, sha256 }) => [path, sha256]));
  const [old, now] = [hashes(before), hashes(after)];
  return {
    added: [...now.keys()].filter((path) => !old.has(path)),
    changed: [...now].filter(([path, hash]) => old.has(path) && old.get(path) !== hash).map(([path]) => path),
    gone: [...old.keys()].filter((path) => !now.has(path)),
  };
};
