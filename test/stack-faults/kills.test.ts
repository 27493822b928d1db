// A short run of `npm run kills`: what 200 kills show before a release, five show with every run of the tests.
import { afterAll, describe, expect, inject, it } from 'vitest';
import { runKills } from '../../tools/kills/run.ts';
import { table } from '../../tools/kills/table.ts';
import { startBothAnew } from './our-processes.ts';
import { stackName } from './scenario.ts';

// A minute on a quiet machine.
const LONG = { timeout: 300_000 };

afterAll(() => startBothAnew());

describe('kills at random moments', () => {
  it(
    'break no invariant, and leave no application standing still for longer than was promised',
    LONG,
    async () => {
      const { kubeconfig, temporalAddress, objectStore, folder } = inject('stack');
      const where = { kubeconfig, temporalAddress, objectStore, folder, stackName: stackName(), env: {} };
      const tally = await runKills({ ...where, tell: console.log }, { count: 5, seed: 's61' });
      expect(tally.violations, table(tally)).toEqual([]);
      expect(tally.blows).toHaveLength(5);
      expect(tally.freezes.length).toBeGreaterThan(0);
      expect(tally.ends).toContain('COMPLETED');
    },
  );
});
