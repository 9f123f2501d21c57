/** Pictures that a plan's prompts bring along: read once, bounded, and what their names say they are. */
import { readFileSync, statSync } from 'node:fs';
import { BenchError } from '../errors.js';
import type { Plan } from './plan.js';
import type { PromptPicture } from './prompts.js';

export const longestPictureBytes = 512 * 1024;

/** As the prompt's event names it: one of ours, or a file in the run's folder. */
export const pictureName = (id: string, picture: PromptPicture): string =>
  picture.kind === 'drawn' ? picture.name : `prompt-${id}.${endingOf(picture.path)}`;

/** What `pictureName` makes of files. */
export const pictureFileName = /^prompt-[a-z][a-z0-9-]{0,31}\.(png|jpg|svg)$/;
export type PictureEnding = 'png' | 'jpg' | 'svg';

const endingOf = (path: string): PictureEnding => {
  const ending = /\.(\w+)$/.exec(path.toLowerCase())?.[1];
  return ending === 'png' || ending === 'svg' ? ending : 'jpg';
};

const looks: Readonly<Record<PictureEnding, (bytes: Buffer) => boolean>> = {
  png: (bytes) => bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex')),
  jpg: (bytes) => bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex')),
  svg: (bytes) => /<svg[\s>]/.test(bytes.subarray(0, 4096).toString('utf8')),
};

/** Why these bytes cannot be the picture that their name says they are; undefined: they can. */
export const pictureProblem = (path: string, bytes: Buffer): string | undefined => {
  if (bytes.length > longestPictureBytes) return `is larger than ${longestPictureBytes / 1024} KiB`;
  return looks[endingOf(path)](bytes) ? undefined : `is no ${endingOf(path)} picture`;
};

/** By file name (`prompt-display.png`). Throws BenchError PLAN_INVALID where one is not there, too large, or no such picture. */
export const readPromptPictures = ({ name, prompts }: Plan): ReadonlyMap<string, Buffer> => {
  const pictures = new Map<string, Buffer>();
  for (const { id, picture } of prompts) {
    if (picture?.kind !== 'file') continue;
    const { path } = picture;
    const refused = (why: string, cause?: unknown) =>
      new BenchError('PLAN_INVALID', `${name}: the picture of prompt ${id}, ${path}, ${why}`, { cause });
    try {
      const status = statSync(path);
      if (!status.isFile()) throw refused('is no file');
      if (status.size > longestPictureBytes) throw refused(`is larger than ${longestPictureBytes / 1024} KiB`);
      const bytes = readFileSync(path);
      const problem = pictureProblem(path, bytes);
      if (problem !== undefined) throw refused(problem);
      pictures.set(pictureName(id, picture), bytes);
    } catch (error) {
      if (error instanceof BenchError) throw error;
      throw refused(`cannot be read (${error instanceof Error ? error.message : String(error)})`, error);
    }
  }
  return pictures;
};
