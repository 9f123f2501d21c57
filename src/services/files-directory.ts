import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { StoredFile } from './stored-file.js';

export type DirectoryLookup =
  | { readonly kind: 'found'; readonly file: StoredFile }
  /** `names`: files of the folder that was searched last. */
  | { readonly kind: 'missing'; readonly names: readonly string[] }
  | { readonly kind: 'outside' };

const maxNamesCompared = 500;

const entriesOf = async (folder: string): Promise<readonly Dirent[]> => {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
};

const matching = (entries: readonly Dirent[], name: string): Dirent | undefined =>
  entries.find((entry) => entry.name === name) ??
  entries.find((entry) => entry.name.toLowerCase() === name.toLowerCase());

const storedFile = (handle: FileHandle, name: string, size: number): StoredFile => ({
  name,
  size,
  read: async (offset, length) => {
    const block = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(block, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return block.subarray(0, filled);
  },
  close: () => handle.close(),
});

/** Only a regular file inside `root`; non-blocking, because a FIFO would hold the open for ever. */
const openRegular = async (root: string, file: string, name: string): Promise<DirectoryLookup> => {
  const missing: DirectoryLookup = { kind: 'missing', names: [] };
  let handle: FileHandle | undefined;
  try {
    const real = await realpath(file);
    if (!real.startsWith(`${await realpath(root)}${path.sep}`)) return { kind: 'outside' };
    handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const stat = await handle.stat();
    if (stat.isFile()) return { kind: 'found', file: storedFile(handle, name, stat.size) };
  } catch {
    // Unreadable or gone in between: to the phone it is not there.
  }
  await handle?.close();
  return missing;
};

/** Folders and file of a name, parted at both slashes, a leading one dropped; undefined: it leads outside or holds a NUL. */
export const partsOfName = (name: string): readonly string[] | undefined => {
  const parts = name.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  return name.includes('\0') || parts.includes('..') ? undefined : parts;
};

/**
 * Opens a file below `root`, folder by folder, whatever the case of its name (an exact match goes first). A link that
 * leads out of `root` is `outside`. `parts` as `partsOfName` gives them.
 */
export const openInDirectory = async (root: string, parts: readonly string[]): Promise<DirectoryLookup> => {
  const found: string[] = [];
  for (const part of parts) {
    const entries = await entriesOf(path.join(root, ...found));
    const entry = matching(entries, part);
    if (entry === undefined) {
      const names = entries.filter((other) => other.isFile()).map((other) => other.name);
      return { kind: 'missing', names: names.slice(0, maxNamesCompared) };
    }
    found.push(entry.name);
  }
  return found.length === 0
    ? { kind: 'missing', names: [] }
    : openRegular(root, path.join(root, ...found), found.join('/'));
};
