import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext } from 'vitest';
import { systemPath } from '../../src/os/system-tools.js';
import { strict } from './linkpulse.js';

export const isInstalled = (tool: string): boolean =>
  systemPath()
    .split(':')
    .some((directory) => {
      try {
        accessSync(join(directory, tool), constants.X_OK);
        return directory !== '';
      } catch {
        return false;
      }
    });

/** Skips the test with the reason where a program is not installed; under the gate it fails then. */
export const needs = (context: TestContext, tool: string, packageName: string): void => {
  if (isInstalled(tool)) return;
  const reason = `${tool} is not installed (package ${packageName})`;
  if (strict) expect.fail(reason);
  context.skip(reason);
};
