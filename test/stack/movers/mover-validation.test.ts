// What a mover's section asks for and cannot have is refused before the application is asked, by a sentence that names
// the object and the field; once it is mended, the next sync asks.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../../domain/copy-trigger.ts';
import {
  aNamespace,
  bound,
  createPvc,
  createSecret,
  createSource,
  edit,
  latestRun,
  pvcOf,
  reasonOfFailure,
} from '../window-scenario.ts';
import { openWorld } from '../world.ts';
import type { Application, World } from '../world.ts';
import { setSecret } from './pair.ts';
import type { Section } from './pair.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

interface Row {
  readonly what: string;
  readonly reason: string;
  /** Parts of the sentence; {namespace} is the test's. */
  readonly says: readonly string[];
  readonly section: Section;
  readonly prepare?: (application: Application) => Promise<unknown>;
  readonly mend: (application: Application) => Promise<unknown>;
}

const RESTIC = { repository: 'restic-secret', copyMethod: 'Snapshot', cacheCapacity: '1Gi' };
const RCLONE = { rcloneConfig: 'rclone-secret', copyMethod: 'Snapshot' };
const RCLONE_PATH = { rcloneConfigSection: 'store', rcloneDestPath: 'copies/data' };
const SOURCE = 'ReplicationSource {namespace}/test-rs: ';

const rows: readonly Row[] = [
  {
    what: 'a Secret of its CA without the key',
    reason: 'SecretIncomplete',
    says: ['Secret {namespace}/authority lacks ca.pem'],
    section: { restic: { ...RESTIC, customCA: { secretName: 'authority', key: 'ca.pem' } } },
    prepare: (application) => setSecret(application, 'authority', { 'other.pem': 'a certificate' }),
    mend: (application) => setSecret(application, 'authority', { 'ca.pem': 'a certificate' }),
  },
  {
    what: 'a ConfigMap of its CA that does not exist',
    reason: 'ObjectMissing',
    says: ['ConfigMap {namespace}/authority does not exist', 'spec.rclone.customCA'],
    section: {
      rclone: { ...RCLONE, ...RCLONE_PATH, customCA: { configMapName: 'authority', key: 'ca.pem' } },
    },
    mend: ({ namespace }) =>
      world.cluster.configMaps.create({
        metadata: { namespace, name: 'authority' },
        data: { 'ca.pem': 'a certificate' },
      }),
  },
  {
    what: 'a ServiceAccount that does not exist',
    reason: 'ObjectMissing',
    says: ['ServiceAccount {namespace}/carrier does not exist', 'spec.rsyncTLS.moverServiceAccount'],
    section: { rsyncTLS: { copyMethod: 'Snapshot', address: 'receiver', moverServiceAccount: 'carrier' } },
    mend: ({ namespace }) =>
      world.cluster.serviceAccounts.create({ metadata: { namespace, name: 'carrier' } }),
  },
  {
    what: 'a PVC among its volumes that does not exist',
    reason: 'ObjectMissing',
    says: ['PersistentVolumeClaim {namespace}/shelf does not exist', 'spec.restic.moverVolumes[0]'],
    section: { restic: { ...RESTIC, moverVolumes: [volume('shelf')] } },
    mend: (application) => createPvc(application, {}, { name: 'shelf' }),
  },
  {
    what: 'two volumes at one path',
    reason: 'SourceInvalid',
    says: [SOURCE, 'spec.restic.moverVolumes[1].mountPath shelf is mounted twice'],
    section: { restic: { ...RESTIC, moverVolumes: [volume('data-pvc'), volume('data-pvc')] } },
    mend: (application) => edit(application, { restic: { moverVolumes: null } }),
  },
  {
    what: 'a retention that restic cannot read',
    reason: 'SourceInvalid',
    says: [SOURCE, 'spec.restic.retain.within is "3 weeks"'],
    section: { restic: { ...RESTIC, retain: { within: '3 weeks' } } },
    mend: (application) => edit(application, { restic: { retain: { within: '21d' } } }),
  },
  {
    what: 'no address, of rsync-tls',
    reason: 'SourceInvalid',
    says: [SOURCE, 'spec.rsyncTLS.address'],
    section: { rsyncTLS: { copyMethod: 'Snapshot' } },
    mend: (application) => edit(application, { rsyncTLS: { address: 'receiver' } }),
  },
  {
    what: 'no address, of rsync',
    reason: 'SourceInvalid',
    says: [SOURCE, 'spec.rsync.address'],
    section: { rsync: { copyMethod: 'Snapshot' } },
    mend: (application) => edit(application, { rsync: { address: 'receiver' } }),
  },
  {
    what: 'a Secret without rclone.conf',
    reason: 'SecretIncomplete',
    says: ['Secret {namespace}/incomplete lacks rclone.conf'],
    section: { rclone: { ...RCLONE, ...RCLONE_PATH, rcloneConfig: 'incomplete' } },
    prepare: (application) => setSecret(application, 'incomplete', { 'rclone.config': '[store]' }),
    mend: (application) => setSecret(application, 'incomplete', { 'rclone.conf': '[store]' }),
  },
  {
    what: 'no section of rclone.conf',
    reason: 'SourceInvalid',
    says: [SOURCE, 'spec.rclone.rcloneConfigSection'],
    section: { rclone: { ...RCLONE, rcloneDestPath: 'copies/data' } },
    mend: (application) => edit(application, { rclone: { rcloneConfigSection: 'store' } }),
  },
  {
    what: 'no path of rclone',
    reason: 'SourceInvalid',
    says: [SOURCE, 'spec.rclone.rcloneDestPath'],
    section: { rclone: { ...RCLONE, rcloneConfigSection: 'store' } },
    mend: (application) => edit(application, { rclone: { rcloneDestPath: 'copies/data' } }),
  },
  {
    what: 'a mover that is root, in a namespace that lets no root in',
    reason: 'SourceInvalid',
    says: [SOURCE, 'the mover rsync works as root only', 'Pod Security "restricted"'],
    section: { rsync: { copyMethod: 'Snapshot', address: 'receiver' } },
    prepare: (application) => enforce(application, 'restricted'),
    mend: (application) => enforce(application, 'baseline'),
  },
  {
    what: 'a block volume',
    reason: 'BlockVolume',
    says: ['PersistentVolumeClaim {namespace}/block is a block volume'],
    section: { sourcePVC: 'block', restic: RESTIC },
    prepare: ({ namespace }) => blockVolume(namespace),
    mend: (application) => edit(application, { sourcePVC: 'data-pvc' }),
  },
];

describe.concurrent('a source whose mover is to have', () => {
  it.each(rows)(
    '$what is refused before the application is asked, and asks once that is mended',
    async (row) => {
      const application = await aNamespace(world);
      await createPvc(application, { [A.useCopyTrigger]: '' });
      await bound(application);
      await createSecret(application);
      await setSecret(application, 'rclone-secret', { 'rclone.conf': '[store]' });
      await row.prepare?.(application);
      await createSource(application, { spec: { restic: undefined, ...row.section } });
      const { conditions, latestMoverStatus } = await application.sourceStatus(
        (status) => status.conditions?.[0]?.reason === 'Error',
      );
      const message = conditions?.[0]?.message ?? '';
      for (const part of row.says)
        expect(message).toContain(part.replace('{namespace}', application.namespace));
      expect(message).not.toContain('\n');
      expect(latestMoverStatus).toMatchObject({ result: 'Failed' });
      expect(await reasonOfFailure(application, await latestRun(application))).toBe(row.reason);
      expect(pvcOf(application)?.metadata.annotations ?? {}).not.toHaveProperty(A.latestCopyStatus);
      expect(await application.temporaryObjects()).toEqual([]);

      await row.mend(application);
      await application.syncNow();
      await application.copyStatus('WaitingForTrigger');
      await application.remove();
    },
  );
});

function volume(claimName: string) {
  return { mountPath: 'shelf', volumeSource: { persistentVolumeClaim: { claimName } } };
}

async function enforce({ namespace }: Application, standard: string): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': standard };
  await world.cluster.namespaces.patch({ namespace: '', name: namespace }, { metadata: { labels } });
}

async function blockVolume(namespace: string): Promise<void> {
  await world.cluster.pvcs.create({
    metadata: { namespace, name: 'block', annotations: { [A.useCopyTrigger]: '' } },
    spec: {
      storageClassName: 'dir',
      volumeMode: 'Block',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
    },
  });
}
