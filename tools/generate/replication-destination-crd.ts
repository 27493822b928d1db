import { ReplicationDestination } from '../../api/replication-destination.ts';
import { crd, SYNC_COLUMNS } from './crd.ts';

/** The CRD of ReplicationDestination: VolSync's kind and columns. */
export function replicationDestinationCrd(): string {
  return crd({
    kind: 'ReplicationDestination',
    plural: 'replicationdestinations',
    description: 'Where the data of one PVC comes from, when, and what is made of it.',
    shape: ReplicationDestination.shape,
    printerColumns: SYNC_COLUMNS,
    writtenIn: 'api/replication-destination.ts',
  });
}
