import { defineConfig } from 'vitest/config';

/** `npm run bench [-- NAME]`: one measurement at a time, each as long as it takes. Figures are printed, never asserted. */
// biome-ignore lint/style/noDefaultExport: vitest takes its configuration no other way
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/benchmarks/*.benchmark.ts'],
    testTimeout: 3_600_000,
    maxWorkers: 1,
    fileParallelism: false,
    disableConsoleIntercept: true,
  },
});
