// Where tests say what is to be watched from outside while they run (outside-watcher.ts), and judged at their end.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Exemption } from '../../tools/judge/scenario-record.ts';

/** What one test, or the hooks of its file, has made. */
export interface Scenario {
  readonly namespaces: Set<string>;
  /** Namespaces of Temporal, besides `default`, in which its syncs run. */
  readonly temporalNamespaces: Set<string>;
  readonly exemptions: (Exemption & { readonly namespace: string })[];
}

export function aScenario(): Scenario {
  return { namespaces: new Set(), temporalNamespaces: new Set(), exemptions: [] };
}

/** The test that runs; tests of one file run at the same time. */
export const currentScenario = new AsyncLocalStorage<Scenario>();
/** What was made outside of tests, in hooks of the file. */
export const betweenTests = aScenario();

const recorded = new Set<string>();

/** From now on what happens in this namespace is recorded, and judged at the end of the test that calls this. */
export function recordNamespace(namespace: string): void {
  recorded.add(namespace);
  scenario().namespaces.add(namespace);
}

/** Syncs run in this namespace of Temporal, too, in this test, or in all tests of the file when a hook calls this. */
export function recordTemporalNamespace(namespace: string): void {
  scenario().temporalNamespaces.add(namespace);
}

/** This test breaks an invariant on purpose, acting as a user: that one violation, of that one object, is none. */
export function breaksOnPurpose(namespace: string, exemption: Exemption): void {
  scenario().exemptions.push({ namespace, ...exemption });
}

export function isRecorded(namespace: string): boolean {
  return recorded.has(namespace);
}

function scenario(): Scenario {
  return currentScenario.getStore() ?? betweenTests;
}
