// npm test: everything. The fast checks first, then the suites on the real stack; those that kill or stall
// shared processes run alone, last.
import { runSuites } from './suites/run-suites.ts';
import { checkSuites, stackSuites } from './suites/suites.ts';

process.exit(await runSuites([...checkSuites, ...stackSuites]));
