import type { Plan } from '../plan/plan.js';
import { prepareXml } from '../wire/cnf-xml.js';
import { openInDirectory, partsOfName } from './files-directory.js';
import { generatedNames, generateFile } from './generated-files.js';
import { nearestName } from './near-name.js';
import { createPlanInForce, type PlanInForce } from './plan-in-force.js';
import { firstHalfOf, type StoredFile } from './stored-file.js';

/**
 * `forbidden`: never served (signed lists and files: a phone that gets one trusts nothing else). `outside`: the name
 * leads out of the directory. `nearMiss`: the name of an existing file that was perhaps meant.
 */
export type Lookup =
  | {
      readonly kind: 'found';
      readonly file: StoredFile;
      readonly caseDiffers: boolean;
      readonly onPurpose: string | null;
    }
  | { readonly kind: 'missing'; readonly nearMiss: string | null; readonly onPurpose: string | null }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'outside' };

export interface FileStore {
  open(name: string): Promise<Lookup>;
}

const configPattern = /\.cnf(\.xml)?$/i;
const signedPattern = /\.(tlv|sgn)$/i;

/**
 * What files exist: those of `tftp.filesDirectory`, then those made from the plan in force (generated-files.ts). Names
 * match whatever their case.
 */
export const createFileStore = (
  plan: Plan,
  faults: ReadonlySet<string>,
  inForce: PlanInForce = createPlanInForce(plan),
): FileStore => {
  prepareXml();
  const hiddenBy = (name: string): string | null => {
    if (faults.has('config-missing') && configPattern.test(name)) return 'config-missing';
    if (faults.has('wrong-case') && name !== name.toLowerCase()) return 'wrong-case';
    const ofTheLoad = name.toLowerCase().startsWith(`${inForce.plan.phone.load.toLowerCase()}.`);
    return faults.has('wrong-load') && ofTheLoad ? 'wrong-load' : null;
  };

  return {
    open: async (asked) => {
      const parts = partsOfName(asked);
      if (parts === undefined) return { kind: 'outside' };
      const name = parts.join('/');
      if (signedPattern.test(name)) return { kind: 'forbidden' };
      const onPurpose = hiddenBy(name);
      if (onPurpose !== null)
        return { kind: 'missing', nearMiss: onPurpose === 'wrong-case' ? name.toLowerCase() : null, onPurpose };
      const root = plan.tftp.filesDirectory;
      const onDisk = root === null ? undefined : await openInDirectory(root, parts);
      if (onDisk?.kind === 'outside') return onDisk;
      const file = onDisk?.kind === 'found' ? onDisk.file : generateFile(inForce.plan, name, inForce);
      const caseDiffers = file !== undefined && file.name !== name && !faults.has('wrong-case');
      if (file !== undefined)
        return faults.has('short-file')
          ? { kind: 'found', file: firstHalfOf(file), caseDiffers, onPurpose: 'short-file' }
          : { kind: 'found', file, caseDiffers, onPurpose };
      const known = [
        ...generatedNames(inForce.plan, inForce.hasDeviceFile),
        ...(onDisk?.kind === 'missing' ? onDisk.names : []),
      ];
      const served = known.filter((other) => hiddenBy(other) === null && !signedPattern.test(other));
      return { kind: 'missing', nearMiss: nearestName(name, served), onPurpose };
    },
  };
};
