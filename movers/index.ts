// The registry: which section of a source's spec asks for which mover.
import type { ReplicationSourceSpec } from '../api/replication-source.ts';
import type { MoverName } from '../api/sync.ts';
import { restic } from './restic.ts';

const movers = { restic } as const;

export type SupportedMover = keyof typeof movers;

/** The mover of that name; every one speaks the same contract over its own options. */
export function moverOf(name: SupportedMover): (typeof movers)[SupportedMover] {
  return movers[name];
}

/** Whether this version can run the mover. */
export function isSupported(name: MoverName): name is SupportedMover {
  return name in movers;
}

/** The section of the spec that holds the mover's options. */
export function optionsOf(spec: ReplicationSourceSpec, name: SupportedMover) {
  return spec[name] ?? {};
}
