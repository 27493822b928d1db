// The mover's pod: what all movers share (reference VolSync §5.0.1, §5.0.2, §5.0.5), and what the owner's section adds.
import { cacheName, runLabels } from '../domain/names.ts';
import type { JobOrder, PodPlace } from './job-order.ts';
import type { EnvVar, Mover } from './mover.ts';
import { customCaVolume, extraVolumes, CUSTOM_CA_FILE } from './pod-volumes.ts';
import { serviceSelector } from './service.ts';
import { containerSecurity, podSecurity } from './pod-security.ts';
import { onNode } from './placement.ts';

export function podTemplate(order: JobOrder, name: string) {
  const { owner, run, mover, place } = order;
  const { pod } = mover;
  const affinity = onNode(pod.moverAffinity, place.placement?.node);
  return {
    metadata: {
      name,
      labels: { ...runLabels(owner, run), ...serviceSelector(mover, owner), ...pod.moverPodLabels },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false, // A mover needs no API access (VolSync MV-1).
      ...(pod.moverServiceAccount !== undefined && { serviceAccountName: pod.moverServiceAccount }),
      ...podSecurity(mover, place),
      ...(affinity !== undefined && { affinity }),
      ...(place.placement !== undefined && { tolerations: place.placement.tolerations }),
      containers: [container(order)],
      volumes: volumesOf(order).map(({ volume }) => volume),
    },
  };
}

function container(order: JobOrder) {
  const { mover, input, image, place } = order;
  return {
    name: mover.container,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: mover.command,
    args: mover.arguments(input),
    env: [...mover.environment(input), ...commonEnvironment(mover, place)],
    ...(mover.pod.moverResources !== undefined && { resources: mover.pod.moverResources }),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: containerSecurity(mover, place),
    volumeMounts: volumesOf(order).map(({ volume, mountPath, writable }) => ({
      name: volume.name,
      mountPath,
      ...(writable !== true && { readOnly: true }),
    })),
  };
}

// A proxy reaches movers that speak http; the others would not look at it.
function commonEnvironment(mover: Mover, { proxies, debug, privileged }: PodPlace): readonly EnvVar[] {
  const http = mover.name === 'restic' || mover.name === 'rclone';
  return [
    ...(http ? Object.entries(proxies).map(([name, value]) => ({ name, value })) : []),
    ...(debug ? [{ name: 'DEBUG_MOVER', value: '1' }] : []),
    ...(customCaVolume(mover.pod.customCA) === undefined
      ? []
      : [{ name: 'CUSTOM_CA', value: CUSTOM_CA_FILE }]),
    ...(mover.root.always ? [] : [{ name: 'PRIVILEGED_MOVER', value: privileged ? '1' : '0' }]),
  ];
}

// `/tmp` is memory of the pod, and bounded (VolSync MV-1).
function volumesOf({ mover, input, owner, data }: JobOrder) {
  const customCa = customCaVolume(mover.pod.customCA);
  const cache = { name: 'cache', persistentVolumeClaim: { claimName: cacheName(owner) } };
  return [
    {
      volume: { name: 'data', persistentVolumeClaim: data },
      mountPath: '/data',
      // Nothing of a source is changed, a volume in use (Direct) least of all (VolSync VH-5); the claim itself can be
      // written to, because a file system may have to replay its journal.
      writable: mover.side === 'destination',
    },
    ...(mover.cache === undefined ? [] : [{ volume: cache, mountPath: '/cache', writable: true }]),
    {
      volume: { name: 'tempdir', emptyDir: { medium: 'Memory', sizeLimit: '256Mi' } },
      mountPath: '/tmp',
      writable: true,
    },
    ...mover.volumes(input),
    ...(customCa === undefined ? [] : [customCa]),
    ...extraVolumes(mover.pod.moverVolumes),
  ];
}
