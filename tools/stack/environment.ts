import { join } from 'node:path';
import { shellQuote } from './shell.ts';
import type { Stack } from './stack.ts';

/** What `eval "$(npm run --silent stack -- env)"` sets in a person's shell. */
export function shellExports(stack: Stack): string {
  return [
    `export KUBECONFIG=${shellQuote(stack.kubeconfig)}`,
    `export KUBECACHEDIR=${shellQuote(join(stack.stateFolder, 'kubectl-cache'))}`,
    `export TEMPORAL_ADDRESS=${shellQuote(stack.temporalAddress)}`,
    `export TEMPORAL_UI=${shellQuote(stack.temporalUi)}`,
    `export PATH=${shellQuote(stack.binFolder)}:"$PATH"`,
  ].join('\n');
}
