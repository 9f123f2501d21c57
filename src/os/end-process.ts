import { libc } from './libc.js';

/** Ends this process at once, whatever its threads do; descriptors and locks go with it. */
export const endProcess = (exitCode: number): never => {
  libc().endProcess(exitCode);
  // Never reached.
  return process.exit(exitCode);
};
