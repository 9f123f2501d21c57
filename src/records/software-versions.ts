import { readFileSync } from 'node:fs';
import { arch, release, type } from 'node:os';

/** What the run was made with; `firmware` is the board's, null when it never answered. */
export interface SoftwareVersions {
  readonly linkpulse: string;
  readonly node: string;
  readonly kernel: string;
  readonly firmware: string | null;
}

export const softwareVersions = (firmware: string | null): SoftwareVersions => {
  // Two levels up from src/records and from dist/records alike.
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const version = (manifest as { readonly version?: unknown }).version;
  return {
    linkpulse: typeof version === 'string' ? version : 'unknown',
    node: process.versions.node,
    kernel: `${type()} ${release()} ${arch()}`,
    firmware,
  };
};
