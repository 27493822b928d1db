// What `npm run check` and `npm test` consist of.
import { stackDown } from '../stack/down.ts';
import { stackUp } from '../stack/up.ts';
import { command, steps, vitest } from './suite.ts';
import type { Suite } from './suite.ts';

export const checkSuites: readonly Suite[] = [
  command('format', ['prettier', '--check', '--log-level', 'warn', '.']),
  command('lint', ['oxlint', '--type-aware', '--deny-warnings']),
  command('types', ['tsc', '-p', 'tsconfig.json']),
  command('generated files', ['node', 'tools/generate.ts', '--check']),
  vitest('unit'),
];

export const stackSuites: readonly Suite[] = [
  steps('set-up', async (say) => void (await stackUp('test', say))),
  vitest('scripts'),
  vitest('stack'),
  vitest('stack-faults'),
  steps('tear-down', async () => stackDown('test')),
  vitest('stack-lifecycle'),
];
