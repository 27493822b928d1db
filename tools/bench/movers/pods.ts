// Pods of the movers' image that the bench runs itself.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectRef, Pod } from '../../../api/kubernetes.ts';
import type { Place } from '../place.ts';

/** A run of 4 GiB may take minutes on a slow machine. */
export const PATIENCE_MS = 900_000;
const IMAGE = 'registry.local/stillpoint-mover:dev';

export interface PodWish {
  readonly script: string;
  /** Mounted at /data. */
  readonly pvc: string;
  readonly writes?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  /** It is ready once it listens there. */
  readonly port?: number;
}

export function podOf(ref: ObjectRef, { script, pvc, writes, environment = {}, port }: PodWish): Pod {
  const container = {
    name: 'main',
    image: IMAGE,
    imagePullPolicy: 'IfNotPresent',
    command: ['/bin/bash', '-c', script],
    env: Object.entries(environment).map(([name, value]) => ({ name, value })),
    volumeMounts: [
      { name: 'data', mountPath: '/data', readOnly: writes !== true },
      { name: 'cache', mountPath: '/cache' },
    ],
    ...(port !== undefined && { readinessProbe: { tcpSocket: { port }, periodSeconds: 1 } }),
  };
  const volumes = [
    { name: 'data', persistentVolumeClaim: { claimName: pvc } },
    { name: 'cache', emptyDir: {} },
  ];
  const spec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [container], volumes };
  return { metadata: { ...ref, labels: { app: ref.name } }, spec } as Pod;
}

/** Runs it to its end and removes it; returns what it printed. */
export async function finished(place: Place, pod: Pod): Promise<string> {
  const { cluster, kubectl } = place;
  const { namespace = '', name } = pod.metadata;
  const ref = { namespace, name };
  await cluster.pods.create(pod);
  // The watch shows movers alone.
  const phaseNow = async () => (await cluster.pods.get(ref))?.status?.phase;
  const deadline = performance.now() + PATIENCE_MS;
  let phase = await phaseNow();
  while (phase !== 'Succeeded' && phase !== 'Failed' && performance.now() < deadline) {
    await sleep(500);
    phase = await phaseNow();
  }
  const said = await kubectl('-n', namespace, 'logs', name);
  if (phase !== 'Succeeded') throw new Error(`Pod ${namespace}/${name} is ${phase}: ${said}`);
  await kubectl('-n', namespace, 'delete', 'pod', name);
  return said;
}

/** Starts it and waits until it is ready. */
export async function started(place: Place, pod: Pod): Promise<void> {
  const { namespace = '', name } = pod.metadata;
  await place.cluster.pods.create(pod);
  await place.kubectl('-n', namespace, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=120s');
}
