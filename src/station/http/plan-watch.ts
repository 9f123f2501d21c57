import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Audit } from '../../http/audit.js';
import type { ListedPlan } from './server.js';

type Hashes = Readonly<Record<string, string>>;

const readHashes = (path: string): Hashes | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Hashes;
  } catch {
    return undefined;
  }
};

/**
 * Plans are files, and anybody who may write them changes them: each change since the last look is told to the audit, also
 * one made while no station ran (`path` keeps the hashes). Gives back what it was given.
 */
export const createPlanWatch = (
  path: string,
  audit: Audit,
): ((plans: readonly ListedPlan[]) => readonly ListedPlan[]) => {
  let known = readHashes(path);
  return (plans) => {
    const now: Hashes = Object.fromEntries(plans.map(({ name, hash }) => [name, hash]));
    const names = [...new Set([...Object.keys(known ?? {}), ...Object.keys(now)])].sort();
    const changed = names.filter((name) => known?.[name] !== now[name]);
    if (changed.length === 0 && known !== undefined) return plans;
    if (known !== undefined)
      for (const plan of changed)
        audit({
          action: 'plan-changed',
          who: 'somebody who may write the file',
          from: 'files',
          detail: { plan, before: known[plan] ?? null, after: now[plan] ?? null },
        });
    known = now;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, `${JSON.stringify(now, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return plans;
  };
};
