// The registry: who describes which mover.
import type { MoverName, OwnerKind } from '../api/sync.ts';
import { SECTIONS } from '../domain/plan.ts';
import type { Mover, Side } from './mover.ts';
import { rcloneDestination, rcloneSource } from './rclone.ts';
import { resticDestination, resticSource } from './restic.ts';
import { rsyncTlsDestination, rsyncTlsSource } from './rsync-tls.ts';
import { rsyncDestination, rsyncSource } from './rsync.ts';

/** Describes one side of a mover by its section of the spec, which the CRD's schema has checked. */
type Describe = (section: never) => Mover;

const movers: Readonly<Record<MoverName, Readonly<Record<Side, Describe>>>> = {
  restic: { source: resticSource, destination: resticDestination },
  rclone: { source: rcloneSource, destination: rcloneDestination },
  'rsync-tls': { source: rsyncTlsSource, destination: rsyncTlsDestination },
  rsync: { source: rsyncSource, destination: rsyncDestination },
};

/** The mover of that name, bound to the options in the spec of an object of this kind. */
export function moverOf(name: MoverName, kind: OwnerKind, spec: Readonly<Record<string, unknown>>): Mover {
  const describe = movers[name][kind === 'ReplicationSource' ? 'source' : 'destination'];
  return describe((spec[SECTIONS[name]] ?? {}) as never);
}
