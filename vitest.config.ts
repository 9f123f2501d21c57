import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: a third of the time a worker waits for a phone that boots.
    maxWorkers: 3,
    // A simulated bench takes a third of a core and runs against the wall clock: five at once starve each other.
    maxConcurrency: 3,
  },
});
