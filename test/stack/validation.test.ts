// What cannot work is refused before the application is asked (row 1), by a sentence that names the object; once it
// is repaired, the next sync asks.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Pod } from '../../api/kubernetes.ts';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import {
  aNamespace,
  anApplication,
  bound,
  createPvc,
  createSecret,
  createSource,
  edit,
  eventsOf,
  latestRun,
  PATIENCE,
  pvcOf,
  reasonOfFailure,
} from './window-scenario.ts';
import type { SourceWish } from './window-scenario.ts';
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
  readonly wish?: SourceWish;
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
    wish: { restic: { volumeSnapshotClassName: 'absent' } },
    repair: (application) => edit(application, { restic: { volumeSnapshotClassName: 'dir' } }),
  },
  {
    what: 'a storage class that does not exist',
    reason: 'ClassMissing',
    names: 'StorageClass absent',
    prepare: () => anApplication(world, OPTED_IN),
    wish: { restic: { storageClassName: 'absent' } },
    repair: (application) => edit(application, { restic: { storageClassName: 'dir' } }),
  },
  {
    what: 'a storage class of the cache that does not exist',
    reason: 'ClassMissing',
    names: 'StorageClass absent',
    prepare: () => anApplication(world, OPTED_IN),
    wish: { restic: { cacheStorageClassName: 'absent' } },
    repair: (application) => edit(application, { restic: { cacheStorageClassName: 'dir' } }),
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
      await createPvc(application, OPTED_IN, { storageClassName: 'dir-wait' });
      return application;
    },
    repair: async (application) => {
      await firstConsumer(application);
      await bound(application);
    },
  },
  {
    what: 'a pvc that is being deleted',
    reason: 'PvcMissing',
    names: 'PersistentVolumeClaim {namespace}/data-pvc',
    prepare: async () => {
      const application = await anApplication(world, OPTED_IN);
      await patch(application, 'pvc/data-pvc', { metadata: { finalizers: ['stillpoint.dev/test'] } });
      await world.cluster.pvcs.delete(application.pvc);
      return application;
    },
    repair: async (application) => {
      await patch(application, 'pvc/data-pvc', { metadata: { finalizers: null } });
      await until(
        [world.cluster.pvcs.watch()],
        () => pvcOf(application) === undefined || undefined,
        patience(),
      );
      await createPvc(application, OPTED_IN);
      await bound(application);
    },
  },
  {
    what: 'no pvc',
    reason: 'SourceInvalid',
    names: 'ReplicationSource {namespace}/test-rs: spec.sourcePVC',
    prepare: () => anApplication(world, OPTED_IN),
    wish: { spec: { sourcePVC: undefined } },
    repair: (application) => edit(application, { sourcePVC: 'data-pvc' }),
  },
  {
    what: 'no mover',
    reason: 'SourceInvalid',
    names: 'ReplicationSource {namespace}/test-rs: a replication method must be specified',
    prepare: () => anApplication(world, OPTED_IN),
    wish: { spec: { restic: undefined } },
    repair: (application) =>
      edit(application, { restic: { repository: 'restic-secret', copyMethod: 'Snapshot' } }),
  },
  {
    what: 'no Secret',
    reason: 'SourceInvalid',
    names: 'ReplicationSource {namespace}/test-rs: spec.restic.repository',
    prepare: () => anApplication(world, OPTED_IN),
    wish: { restic: { repository: undefined } },
    repair: (application) => edit(application, { restic: { repository: 'restic-secret' } }),
  },
  {
    what: 'two movers',
    reason: 'SourceInvalid',
    names: 'ReplicationSource {namespace}/test-rs',
    prepare: () => anApplication(world, OPTED_IN),
    wish: { spec: { rclone: { rcloneConfig: 'rclone-secret', copyMethod: 'Snapshot' } } },
    repair: (application) => edit(application, { rclone: null }),
  },
  {
    what: 'no copyMethod',
    reason: 'SourceInvalid',
    names: 'ReplicationSource {namespace}/test-rs',
    prepare: () => anApplication(world, OPTED_IN),
    wish: { restic: { copyMethod: undefined } },
    repair: (application) => edit(application, { restic: { copyMethod: 'Snapshot' } }),
  },
];

describe.concurrent('a source that names', () => {
  it.each(rows)(
    '$what: is refused before the application is asked, and asks once that is repaired',
    async (row) => {
      const application = await row.prepare();
      const names = row.names.replace('{namespace}', application.namespace);
      await createSource(application, row.wish ?? {});
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

async function patch(application: Application, object: string, change: object): Promise<void> {
  await application.kubectl('patch', object, '--type=merge', `--patch=${JSON.stringify(change)}`);
}

describe.concurrent('a schedule', () => {
  it.each(['61 99 * * *', '0 0 31 2 *', '@hourlyfoo', '0 0 * * 7', 'CRON_TZ=Middle/Earth 0 0 * * *'])(
    '%s: is refused before the application is asked, and no sync starts (SM-3, SM-4)',
    async (schedule) => {
      const application = await anApplication(world, OPTED_IN);
      await createSource(application, { spec: { trigger: { schedule } } });
      const message = await refused(application);
      expect(message).toContain(`ReplicationSource ${application.namespace}/test-rs: `);
      expect(message).toContain(`schedule ${JSON.stringify(schedule)}: `);
      await vi.waitFor(async () => expect(await warnings(application)).toEqual([message]), PATIENCE);
      const { info } = await world.temporal.schedule
        .getHandle(sourceScheduleId(application.source))
        .describe();
      expect(info).toMatchObject({ nextActionTimes: [], numActionsTaken: 0 });
      expect(pvcOf(application)?.metadata.annotations ?? {}).not.toHaveProperty(A.latestCopyStatus);
      await application.remove();
    },
  );
});

/** The sentence in the source's condition. */
async function refused(application: Application): Promise<string | undefined> {
  const { conditions } = await application.sourceStatus(
    (status) => status.conditions?.[0]?.reason === 'Error',
  );
  return conditions?.[0]?.message;
}

function patience(): AbortSignal {
  return AbortSignal.timeout(PATIENCE.timeout);
}

/** What `kubectl describe` shows of the source, sentences only. */
async function warnings(application: Application): Promise<readonly string[]> {
  const events = await eventsOf(application);
  return events.filter(({ type }) => type === 'Warning').map(({ message }) => message);
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
