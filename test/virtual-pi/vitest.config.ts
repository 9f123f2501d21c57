import { defineConfig } from 'vitest/config';

/** Inside the virtual Pi: one CPU, slow system calls, nothing to write to but /dev/shm; what it needs is built already. */
// biome-ignore lint/style/noDefaultExport: vitest takes its configuration no other way
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  cacheDir: '/dev/shm/vitest',
  test: {
    include: ['test/virtual-pi/*.pi.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    fileParallelism: false,
  },
});
