// What cannot work is refused before the application is asked (row 1), by a sentence that names the object; once it
// is repaired, the next sync asks.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import {
  aNamespace,
  anApplication,
  bound,
  createPvc,
  createSecret,
  latestRun,
  pvcOf,
  reasonOfFailure,
} from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const OPTED_IN = { [A.useCopyTrigger]: '' };

interface Row {
  readonly what: string;
  readonly reason: string;
  /** The object that the sentence names; {namespace} is the test's. */
  readonly names: string;
  /** Everything but what the row is about. */
  readonly prepare: () => Promise<Application>;
  readonly spec?: Record<string, unknown>;
  readonly repair: (application: Application) => Promise<unknown>;
}

const rows: readonly Row[] = [
  {
    what: 'a Secret that does not exist',
    reason: 'SecretMissing',
    names: 'Secret {namespace}/restic-secret',
    prepare: async () => {
      const application = await anApplication(world, OPTED_IN);
      await world.cluster.secrets.delete({ namespace: application.namespace, name: 'restic-secret' });
      return application;
    },
    repair: (application) => createSecret(application),
  },
  {
    what: 'a Secret that lacks a key',
    reason: 'SecretIncomplete',
    names: 'Secret {namespace}/restic-secret lacks RESTIC_PASSWORD',
    prepare: async () => {
      const application = await anApplication(world, OPTED_IN);
      await patch(application, 'secret/restic-secret', { data: { RESTIC_PASSWORD: null } });
      return application;
    },
    repair: (application) =>
      patch(application, 'secret/restic-secret', { stringData: { RESTIC_PASSWORD: 'found again' } }),
  },
  {
    what: 'a snapshot class that does not exist',
    reason: 'ClassMissing',
    names: 'VolumeSnapshotClass absent',
    prepare: () => anApplication(world, OPTED_IN),
    spec: { restic: { volumeSnapshotClassName: 'absent' } },
    repair: (application) => patchSource(application, { restic: { volumeSnapshotClassName: 'dir' } }),
  },
  {
    what: 'a storage class that does not exist',
    reason: 'ClassMissing',
    names: 'StorageClass absent',
    prepare: () => anApplication(world, OPTED_IN),
    spec: { restic: { storageClassName: 'absent' } },
    repair: (application) => patchSource(application, { restic: { storageClassName: 'dir' } }),
  },
  {
    what: 'a pvc that does not exist',
    reason: 'PvcMissing',
    names: 'PersistentVolumeClaim {namespace}/data-pvc',
    prepare: async () => {
      const application = await aNamespace(world);
      await createSecret(application);
      return application;
    },
    repair: async (application) => {
      await createPvc(application, OPTED_IN);
      await bound(application);
    },
  },
  {
    what: 'a pvc without a volume',
    reason: 'PvcNotBound',
    names: 'PersistentVolumeClaim {namespace}/data-pvc',
    prepare: async () => {
      const application = await aNamespace(world);
      await createSecret(application);
      await createPvc(application, OPTED_IN, 'dir-wait');
      return application;
    },
    repair: async (application) => {
      await firstConsumer(application);
      await bound(application);
    },
  },
  {
    what: 'two movers',
    reason: 'SourceInvalid',
    names: 'ReplicationSource {namespace}/test-rs',
    prepare: () => anApplication(world, OPTED_IN),
    spec: { rclone: { rcloneConfig: 'rclone-secret', copyMethod: 'Snapshot' } },
    repair: (application) => patchSource(application, { rclone: null }),
  },
  {
    what: 'no copyMethod',
    reason: 'SourceInvalid',
    names: 'ReplicationSource {namespace}/test-rs',
    prepare: () => anApplication(world, OPTED_IN),
    spec: { restic: { copyMethod: undefined } },
    repair: (application) => patchSource(application, { restic: { copyMethod: 'Snapshot' } }),
  },
];

describe.concurrent('a source that names', () => {
  it.each(rows)(
    '$what: is refused before the application is asked, and asks once that is repaired',
    async (row) => {
      const application = await row.prepare();
      const names = row.names.replace('{namespace}', application.namespace);
      await createSource(application, row.spec ?? {});
      const { conditions, latestMoverStatus } = await application.sourceStatus(
        (status) => status.conditions?.[0]?.reason === 'Error',
      );
      expect(conditions).toMatchObject([{ type: 'Synchronizing', status: 'False' }]);
      expect(conditions?.[0]?.message).toContain(names);
      expect(latestMoverStatus).toMatchObject({ result: 'Failed', logs: expect.stringContaining(names) });
      const refused = await latestRun(application);
      expect(await reasonOfFailure(application, refused)).toBe(row.reason);
      expect(await warnings(application)).toEqual([expect.stringContaining(names)]);
      expect(pvcOf(application)?.metadata.annotations ?? {}).not.toHaveProperty(A.latestCopyStatus);
      expect(await application.temporaryObjects()).toEqual([]);

      await row.repair(application);
      await application.syncNow();
      await application.copyStatus('WaitingForTrigger');
      await application.setTrigger('repaired');
      const { latestMoverStatus: moved } = await application.sourceStatus(
        ({ lastSyncTime }) => lastSyncTime !== undefined,
      );
      expect(moved?.result).toBe('Successful');
      await application.remove();
    },
  );
});

async function createSource(application: Application, spec: Record<string, unknown>): Promise<void> {
  const { restic, ...others } = spec;
  const whole = {
    sourcePVC: application.pvc.name,
    trigger: { schedule: '0 0 29 2 *' },
    restic: { repository: 'restic-secret', copyMethod: 'Snapshot', ...(restic as object | undefined) },
    ...others,
  };
  await world.cluster.sources.create({
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: application.source,
    spec: JSON.parse(JSON.stringify(whole)) as NonNullable<ReplicationSource['spec']>,
  });
}

async function patchSource(application: Application, spec: Record<string, unknown>): Promise<void> {
  await world.cluster.sources.patch(application.source, { spec });
}

async function patch(application: Application, object: string, change: object): Promise<void> {
  await application.kubectl('patch', object, '--type=merge', `--patch=${JSON.stringify(change)}`);
}

/** What `kubectl describe` shows of the source, sentences only. */
async function warnings(application: Application): Promise<readonly string[]> {
  const selector = '--field-selector=type=Warning,involvedObject.kind=ReplicationSource';
  const listed = await application.kubectl('get', 'events', selector, '--output=json');
  const { items } = JSON.parse(listed) as { readonly items: readonly { readonly message: string }[] };
  return items.map(({ message }) => message);
}

// A volume of a late-binding class is made for the pod that uses it.
async function firstConsumer({ namespace, pvc }: Application): Promise<void> {
  const container = { name: 'main', image: 'localhost/busybox:local', command: ['sleep', '100000'] };
  await world.cluster.pods.create({
    metadata: { namespace, name: 'app' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          ...container,
          imagePullPolicy: 'IfNotPresent',
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: pvc.name } }],
    } as NonNullable<Pod['spec']>,
  });
}
