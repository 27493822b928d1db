// The proof: the snapshot that the first sync reported, restored by its id with the mover image's restic, holds
// every record up to the quiesce and none after it.
import { DemoError } from './failure.ts';
import { apply } from './kubectl.ts';
import type { Kubectl } from './kubectl.ts';
import { checkRecords } from './records.ts';
import { APPLICATION, NAMESPACE, RESTORE_POD, SECRET } from './seed.ts';
import type { Teller } from './story.ts';

export interface Proof {
  readonly kubectl: Kubectl;
  readonly tell: Teller;
  readonly moverImage: string;
  readonly snapshotId: string;
  readonly quiescedAfter: number;
}

const RECORDS_FOLLOW = '--- records ---';

export async function prove({ kubectl, tell, moverImage, snapshotId, quiescedAfter }: Proof): Promise<void> {
  tell.beat(
    'restore',
    `pod ${RESTORE_POD} restores snapshot ${snapshotId.slice(0, 8)} into an empty directory`,
  );
  await apply(kubectl, [restorePod(moverImage, snapshotId)]);
  await kubectl([
    '-n',
    NAMESPACE,
    'wait',
    `pod/${RESTORE_POD}`,
    '--for=jsonpath={.status.phase}=Succeeded',
    '--timeout=120s',
  ]);
  const restored = restoredRecords(await kubectl(['-n', NAMESPACE, 'logs', RESTORE_POD]));
  if (restored === undefined)
    throw new DemoError(
      `Restic could not restore ${snapshotId}: kubectl -n ${NAMESPACE} logs ${RESTORE_POD} tells why.`,
    );
  const original = await kubectl(['-n', NAMESPACE, 'exec', APPLICATION, '--', 'cat', '/data/records']);
  const verdict = checkRecords({ restored, quiescedAfter, original });
  if (!verdict.proved)
    throw new DemoError(`The restored copy is not the application as it stood still: ${verdict.because}.`);
  const now = original.split('\n').length - 1;
  tell.beat('restored', `its last record is "${verdict.lastRecord}"`);
  tell.beat(
    'proved',
    `it holds records 1 to ${quiescedAfter}, every one that was written up to the quiesce and none after it`,
  );
  tell.beat(
    '',
    `the application itself has written ${now} by now; the first ${quiescedAfter} are the same, byte for byte`,
  );
}

/** What stands behind the marker in the pod's log; undefined when restic failed. */
export function restoredRecords(log: string): string | undefined {
  const marker = log.indexOf(`${RECORDS_FOLLOW}\n`);
  return marker < 0 ? undefined : log.slice(marker + RECORDS_FOLLOW.length + 1);
}

// Ends well in any case: one end to wait for, and the log says the rest.
const SCRIPT = `restic restore "$SNAPSHOT" --target /restore --no-cache --no-lock &&
  echo '${RECORDS_FOLLOW}' && cat /restore/records || true`;

function restorePod(image: string, snapshotId: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: RESTORE_POD, namespace: NAMESPACE },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'restic',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', SCRIPT],
          env: [{ name: 'SNAPSHOT', value: snapshotId }],
          envFrom: [{ secretRef: { name: SECRET } }],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'restore', mountPath: '/restore' },
            { name: 'temporary', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [
        { name: 'restore', emptyDir: {} },
        { name: 'temporary', emptyDir: {} },
      ],
    },
  };
}
