// npm run check: the fast part of npm test, for every save; needs no stack.
import { runSuites } from './suites/run-suites.ts';
import { checkSuites } from './suites/suites.ts';

process.exit(await runSuites(checkSuites));
