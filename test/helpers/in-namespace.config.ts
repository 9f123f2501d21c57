import { defineConfig } from 'vitest/config';

/** The second run of a file, inside its namespace: what it needs is built already. */
// biome-ignore lint/style/noDefaultExport: vitest takes its configuration no other way
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000, maxWorkers: 1 },
});
