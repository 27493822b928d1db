// npm run screenshots: takes the pictures of docs/temporal-ui.md anew, by the test that looks at these pages.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from './suites/suite.ts';

const folder = join(import.meta.dirname, '..', 'docs', 'screenshots');
mkdirSync(folder, { recursive: true });
const test = ['run', '--project', 'stack', 'test/stack/temporal-ui.test.ts'];
process.exitCode = await execute('vitest', test, { STILLPOINT_SCREENSHOTS: folder });
