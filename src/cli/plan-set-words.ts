/** What the terminal shows of plan sets. */
import { markText, type PlanSet } from '../fleet/plan-set.js';
import { isPlanPath } from '../fleet/plan-set-files.js';
import type { SetDifference } from '../fleet/plan-set-folder.js';
import type { Terminal } from './terminal.js';

export const setJson = ({ mark, content, files, plans, key }: PlanSet) => ({
  ...mark,
  plant: content.plant,
  createdAt: content.createdAt,
  note: content.note,
  key,
  files: files.map(({ path, bytes, sha256 }) => {
    const plan = plans.find((one) => one.path === path)?.loaded.plan;
    return { path, bytes: bytes.length, sha256, plan: plan?.name ?? null };
  }),
});

const shownHash = 12;

/** `standing`: signed, verified, unknown (nobody gave a key), or why it is refused. */
export const tellSet = ({ line, paint }: Terminal, set: PlanSet, standing: string): void => {
  const { mark, content, files, plans, key } = set;
  line(`${paint('bold', markText(mark))} for the plant ${content.plant}, ${content.createdAt}`);
  if (standing === 'verified' || standing === 'signed') line(`${paint('green', standing)}, key ${key.slice(0, 16)}`);
  else if (standing === 'unknown')
    line(paint('yellow', `not verified: give --pub; it says that the key ${key.slice(0, 16)} signed it`));
  else line(`${paint('red', 'NOT VERIFIED')}  ${standing}`);
  if (content.note !== '') line(`"${content.note}"`);
  const rows = files.map(({ path, bytes, sha256 }) => {
    const loaded = plans.find((plan) => plan.path === path)?.loaded;
    const what = loaded === undefined ? `picture, ${Math.ceil(bytes.length / 1024)} KiB` : loaded.plan.title;
    return [path, loaded?.plan.name ?? '', sha256.slice(0, shownHash), what] as const;
  });
  const width = (column: 0 | 1) => Math.max(0, ...rows.map((row) => row[column].length));
  for (const [path, name, hash, what] of rows)
    line(`  ${path.padEnd(width(0))}  ${name.padEnd(width(1))}  ${paint('grey', `${hash}  ${what}`)}`);
  line(paint('grey', `sha256 ${mark.sha256}`));
};

export const tellDifference = (
  { line, paint }: Terminal,
  since: string,
  { added, changed, gone }: SetDifference,
): void => {
  const kinds = [
    ['new', 'green', added],
    ['changed', 'yellow', changed],
    ['gone', 'red', gone],
  ] as const;
  const plans = kinds.map(([word, , paths]) => `${paths.filter(isPlanPath).length} ${word}`).join(', ');
  const isSame = added.length + changed.length + gone.length === 0;
  line(isSame ? `since ${since}: the same plans` : `since ${since}: plans ${plans}`);
  for (const [word, colour, paths] of kinds)
    for (const path of paths) line(`  ${paint(colour, word.padEnd(7))}  ${path}`);
};
