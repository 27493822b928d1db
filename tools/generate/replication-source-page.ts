import { MoverOptions } from '../../api/mover-options.ts';
import {
  ExternalOptions,
  RcloneOptions,
  ReplicationSourceSpec,
  ReplicationSourceStatus,
  ResticOptions,
  RsyncOptions,
  RsyncTlsOptions,
  SyncthingOptions,
} from '../../api/replication-source.ts';
import { VolumeOptions } from '../../api/volume-options.ts';
import { kindPage } from './kind-page.ts';

/** The reference page of ReplicationSource. */
export function replicationSourcePage(): string {
  return kindPage({
    kind: 'ReplicationSource',
    introduction:
      'The schema has no defaults: what “absent” means for each field is decided when a sync begins, and a sync that cannot work is refused then, before the application is asked.',
    spec: ReplicationSourceSpec,
    status: ReplicationSourceStatus,
    shared: [
      { title: 'Volume options', schema: VolumeOptions },
      { title: 'Mover options', schema: MoverOptions },
    ],
    movers: {
      restic: ResticOptions,
      rclone: RcloneOptions,
      rsyncTLS: RsyncTlsOptions,
      rsync: RsyncOptions,
      syncthing: SyncthingOptions,
      external: ExternalOptions,
    },
    writtenIn: 'api/replication-source.ts',
  });
}
