import { defineConfig } from 'vitest/config';

// `unit` needs nothing but this clone (npm run check); `scripts` runs the movers' scripts on the real tools; `stack` runs against the real Temporal and Kubernetes
// of tools/stack, several files at a time; `stack-faults` kills and stalls shared processes, so it runs alone, last.
// On the real stack a test may fail once and is tried again: other people's programs are killed, stalled and started
// there on machines that are busy. What passed only then is listed at the end of `npm test`, and is a defect to be
// looked into. A broken invariant (test/stack/every-scenario.ts) is never tried again.
const onTheRealStack = { retry: { count: 1, condition: /^(?!invariant \d)/ } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/stack*/**', 'test/scripts/**'],
          testTimeout: 120_000, // Walks and replays take seconds, and minutes on a machine that is busy.
        },
      },
      {
        test: {
          name: 'scripts',
          include: ['test/scripts/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          ...onTheRealStack,
          name: 'stack',
          include: ['test/stack/**/*.test.ts'],
          globalSetup: ['test/stack/global-setup.ts'],
          setupFiles: ['test/stack/every-scenario.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: 4,
        },
      },
      {
        test: {
          ...onTheRealStack,
          name: 'stack-faults',
          include: ['test/stack-faults/*.test.ts'],
          globalSetup: ['test/stack/global-setup.ts'],
          setupFiles: ['test/stack/every-scenario.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...onTheRealStack,
          name: 'stack-matrix',
          include: ['test/stack-matrix/*.test.ts'],
          globalSetup: ['test/stack/global-setup.ts'],
          setupFiles: ['test/stack/every-scenario.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...onTheRealStack,
          name: 'stack-lifecycle',
          include: ['test/stack-lifecycle/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
