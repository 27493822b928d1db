// The demo types what a person would type: kubectl does it, and the commands that matter are shown.
import { run } from '../stack/shell.ts';
import { DemoError } from './failure.ts';

/** Runs kubectl against the demo's cluster; the answer is what it printed. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

export async function findKubectl(context: string | undefined): Promise<Kubectl> {
  await run('kubectl', ['version', '--client']).catch(() => {
    throw new DemoError('kubectl is missing: install it, or put it into PATH.');
  });
  const where = context === undefined ? [] : ['--context', context];
  return (args, input) => run('kubectl', [...where, ...args], input === undefined ? {} : { input });
}

/** Server-side, so that the objects in the cluster carry no copy of themselves as an annotation. */
export async function apply(kubectl: Kubectl, items: readonly object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items };
  await kubectl(
    ['apply', '--server-side', '--field-manager=stillpoint-demo', '-f', '-'],
    JSON.stringify(list),
  );
}
