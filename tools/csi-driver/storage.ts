import { mkdirSync } from 'node:fs';
import { openFaults, type InjectFault } from './faults.ts';
import { Store, type Snapshot, type Volume } from './store.ts';
import { createTurns, type InTurn } from './turns.ts';

/** What the services share: everything that is stored, whose turn it is, and what is to go wrong. */
export interface Storage {
  readonly volumes: Store<Volume>;
  readonly snapshots: Store<Snapshot>;
  readonly inTurn: InTurn;
  readonly injectFault: InjectFault;
}

export function openStorage(stateFolder: string): Storage {
  mkdirSync(stateFolder, { recursive: true });
  return {
    volumes: new Store<Volume>(stateFolder, 'volumes'),
    snapshots: new Store<Snapshot>(stateFolder, 'snapshots'),
    inTurn: createTurns(),
    injectFault: openFaults(stateFolder),
  };
}
