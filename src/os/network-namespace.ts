import { readlinkSync } from 'node:fs';

/** The network namespace of a process, `net:[4026531840]`; undefined: it is gone, or not ours to look at. */
export const networkNamespaceOf = (process: string): string | undefined => {
  try {
    return readlinkSync(`/proc/${process}/ns/net`);
  } catch {
    return undefined;
  }
};

/** Of this thread. */
export const currentNetworkNamespace = (): string => networkNamespaceOf('thread-self') ?? 'unknown';
