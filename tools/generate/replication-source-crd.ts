import { ReplicationSource } from '../../api/replication-source.ts';
import { crd, SYNC_COLUMNS } from './crd.ts';

/** The CRD of ReplicationSource: VolSync's kind and columns, and our `status.lastCopy`. */
export function replicationSourceCrd(): string {
  return crd({
    kind: 'ReplicationSource',
    plural: 'replicationsources',
    description: 'What is copied from one PVC, when, how and where to.',
    shape: ReplicationSource.shape,
    printerColumns: [{ name: 'Source', jsonPath: '.spec.sourcePVC' }, ...SYNC_COLUMNS],
    writtenIn: 'api/replication-source.ts',
  });
}
