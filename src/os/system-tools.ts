/** Programs of the system that are run: where they are, and what to say where they are not. */
import { BenchError } from '../errors.js';

/** Debian keeps these directories out of an ordinary user's path. */
export const systemPath = (env: NodeJS.ProcessEnv = process.env): string =>
  `${env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;

export const toolMissing = (tool: string, packageName: string): BenchError =>
  new BenchError('TOOL_MISSING', tool, { remedy: `Install the package ${packageName}, which brings ${tool}.` });
