import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './linkpulse.js';

/** A module of the operator's page: JavaScript as browsers load it, so it has no types of its own. */
export const pageModule = async <Exports>(path: string): Promise<Exports> =>
  (await import(pathToFileURL(join(root, 'src/station/web', path)).href)) as Exports;
