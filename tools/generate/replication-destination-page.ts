import { DestinationVolumeOptions } from '../../api/destination-options.ts';
import { DestinationMoverOptions } from '../../api/mover-options.ts';
import {
  ExternalDestinationOptions,
  RcloneDestinationOptions,
  ReplicationDestinationSpec,
  ReplicationDestinationStatus,
  ResticDestinationOptions,
  RsyncDestinationOptions,
  RsyncTlsDestinationOptions,
} from '../../api/replication-destination.ts';
import { kindPage } from './kind-page.ts';

/** The reference page of ReplicationDestination. */
export function replicationDestinationPage(): string {
  return kindPage({
    kind: 'ReplicationDestination',
    introduction:
      'The schema has no defaults: what “absent” means for each field is decided when a sync begins, and a sync that cannot work is refused then, before anything is received.',
    spec: ReplicationDestinationSpec,
    status: ReplicationDestinationStatus,
    shared: [
      { title: 'Volume options', schema: DestinationVolumeOptions },
      { title: 'Mover options', schema: DestinationMoverOptions },
    ],
    movers: {
      restic: ResticDestinationOptions,
      rclone: RcloneDestinationOptions,
      rsyncTLS: RsyncTlsDestinationOptions,
      rsync: RsyncDestinationOptions,
      external: ExternalDestinationOptions,
    },
    writtenIn: 'api/replication-destination.ts',
  });
}
