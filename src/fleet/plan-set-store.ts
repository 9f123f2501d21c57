/**
 * A station's plan sets on its disk. `plan-sets/` in its state folder:
 *
 *     in-force.json            which one (SetNote)
 *     7-d0dec67f998e/set.json  the message as it was published: all the rest is made from it and verified by it
 *     7-d0dec67f998e/plans/    its files
 *
 * A set is written beside, synced, renamed, and only then noted: whatever dies in between, the old set or the new one is in
 * force, whole. Everything here is synchronous: it is for a process of its own (plan-set-worker).
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { BenchError, isBenchError } from '../errors.js';
import type { IdentityPlan } from '../plan/identity.js';
import type { PlanSetNote } from './messages.js';
import type { PlanKey } from './plan-key.js';
import { markText, type PlanSet, readPlanSet } from './plan-set.js';

const setNote = z.object({
  schema: z.literal(1),
  name: z.string(),
  version: z.int().min(1),
  sha256: z.string(),
  plant: z.string(),
  key: z.string(),
  takenAt: z.string(),
  folder: z.string().regex(/^\d+-[0-9a-f]{12}$/),
  /** The one before; it stays, so that a person can see what changed. */
  before: z.string().nullable(),
});
type SetNote = z.infer<typeof setNote>;

export interface PlanInForce {
  readonly name: string;
  readonly title: string;
  readonly model: string;
  readonly hash: string;
  readonly required: IdentityPlan['required'];
  /** Absolute. */
  readonly path: string;
  /** In the set. */
  readonly file: string;
}

export interface SetInForce extends PlanSetNote {
  readonly plant: string;
  readonly createdAt: string;
  readonly note: string;
  readonly takenAt: string;
  readonly folder: string;
  readonly plans: readonly PlanInForce[];
}

export interface PlanSetPlace {
  /** `plan-sets` of the station's state folder. */
  readonly folder: string;
  readonly key: PlanKey;
  readonly plant: string;
}

const noteName = 'in-force.json';
const messageName = 'set.json';

const folderNameOf = ({ version, sha256 }: PlanSetNote): string => `${version}-${sha256.slice(0, 12)}`;

const syncFolder = (path: string): void => {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Disk trouble is none of the set. */
const onDisk = <T>(folder: string, act: () => T): T => {
  try {
    return act();
  } catch (cause) {
    if (isBenchError(cause)) throw cause;
    throw new BenchError('SYSTEM_CALL', `${folder}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
      remedy: 'Check the disk and the permissions of the state folder.',
    });
  }
};

const readIfThere = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** undefined: no set was ever taken, or none can be told any more. */
const readNote = (folder: string): SetNote | undefined => {
  const bytes = readIfThere(join(folder, noteName));
  if (bytes === undefined) return undefined;
  try {
    return setNote.safeParse(JSON.parse(bytes.toString('utf8'))).data;
  } catch {
    return undefined;
  }
};

/** What only goes forward counts for one plant and one key: another one begins its own count. */
const noteOf = ({ folder, key, plant }: PlanSetPlace): SetNote | undefined => {
  const note = readNote(folder);
  return note?.plant === plant && note.key === key.fingerprint ? note : undefined;
};

const isWhole = (root: string, { files }: PlanSet): boolean =>
  files.every(({ path, bytes }) => readIfThere(join(root, 'plans', path))?.equals(bytes) === true);

const unpack = (folder: string, set: PlanSet, message: Uint8Array): void => {
  const name = folderNameOf(set.mark);
  // Of this process alone: the worker of a station that was killed may still be at it.
  const beside = join(folder, `${name}.${process.pid}.new`);
  const folders = new Set([join(beside, 'plans')]);
  mkdirSync(join(beside, 'plans'), { recursive: true });
  for (const { path, bytes } of set.files) {
    const place = join(beside, 'plans', path);
    for (let parent = dirname(place); !folders.has(parent); parent = dirname(parent)) folders.add(parent);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes, { flush: true });
  }
  writeFileSync(join(beside, messageName), message, { flush: true });
  for (const each of [...folders, beside]) syncFolder(each);
  // Its name holds its hash: what is there already is this set, and not whole any more.
  rmSync(join(folder, name), { recursive: true, force: true });
  renameSync(beside, join(folder, name));
  syncFolder(folder);
};

const writeNote = (folder: string, note: SetNote): void => {
  const path = join(folder, noteName);
  const beside = `${path}.${process.pid}.new`;
  writeFileSync(beside, `${JSON.stringify(note, null, 2)}\n`, { flush: true });
  renameSync(beside, path);
  syncFolder(folder);
};

const forgetOthers = (folder: string, kept: readonly (string | null)[]): void => {
  for (const name of readdirSync(folder))
    if (name !== noteName && !kept.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
};

const inForceOf = (folder: string, set: PlanSet, takenAt: string): SetInForce => ({
  ...set.mark,
  plant: set.content.plant,
  createdAt: set.content.createdAt,
  note: set.content.note,
  takenAt,
  folder: join(folder, folderNameOf(set.mark)),
  plans: set.plans.map(({ path, loaded: { plan, hash } }) => ({
    name: plan.name,
    title: plan.title,
    model: plan.phone.model,
    hash,
    required: plan.identity.required,
    path: join(folder, folderNameOf(set.mark), 'plans', path),
    file: path,
  })),
});

/**
 * The set in force, verified once more from what was published; files that are not as they were signed are written anew. null: none.
 * Throws BenchError PLAN_SET_UNSIGNED or PLAN_SET_INVALID: it cannot be used any more; SYSTEM_CALL.
 */
export const readStoredSet = (
  place: PlanSetPlace,
): { readonly inForce: SetInForce; readonly isRestored: boolean } | null =>
  onDisk(place.folder, () => {
    const { folder, key, plant } = place;
    const note = readNote(folder);
    if (note === undefined) return null;
    const message = readIfThere(join(folder, note.folder, messageName));
    if (message === undefined)
      throw new BenchError('PLAN_SET_INVALID', `${join(folder, note.folder, messageName)} of the set in force is gone`);
    const set = readPlanSet(message, { key, plant, inForce: null });
    if (set.mark.sha256 !== note.sha256)
      throw new BenchError(
        'PLAN_SET_INVALID',
        `${join(folder, note.folder)} holds ${markText(set.mark)}, which is not what was taken`,
      );
    const isRestored = !isWhole(join(folder, note.folder), set);
    if (isRestored) unpack(folder, set, message);
    return { inForce: inForceOf(folder, set, note.takenAt), isRestored };
  });

/**
 * Takes what was published, for good: when this returns it is on the disk. `isNew` false: it was in force already. Throws what
 * readPlanSet throws, and SYSTEM_CALL; what was in force stays then.
 */
export const takePlanSet = (
  place: PlanSetPlace,
  message: Uint8Array,
  now: Date,
): { readonly inForce: SetInForce; readonly isNew: boolean } =>
  onDisk(place.folder, () => {
    const { folder, key, plant } = place;
    const known = noteOf(place);
    const set = readPlanSet(message, { key, plant, inForce: known ?? null });
    const isNew = known?.sha256 !== set.mark.sha256;
    const takenAt = isNew ? now.toISOString() : (known?.takenAt ?? now.toISOString());
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const name = folderNameOf(set.mark);
    if (readIfThere(join(folder, name, messageName))?.equals(message) !== true || !isWhole(join(folder, name), set))
      unpack(folder, set, message);
    if (isNew) {
      const before = readNote(folder)?.folder ?? null;
      const { mark, key: signer } = set;
      writeNote(folder, { schema: 1, ...mark, plant, key: signer, takenAt, folder: name, before });
      forgetOthers(folder, [name, before]);
    }
    return { inForce: inForceOf(folder, set, takenAt), isNew };
  });
