import { z } from 'zod';
import {
  Affinity,
  NFSVolumeSource,
  PersistentVolumeClaimVolumeSource,
  PodSecurityContext,
  ResourceRequirements,
  SecretVolumeSource,
  StringMap,
} from './kubernetes-values.ts';

/** The schema allows none or several of the three; exactly one makes sense. */
export const MoverVolumeSource = z.object({
  secret: SecretVolumeSource.exactOptional().describe('A Secret, mounted as files.'),
  persistentVolumeClaim: PersistentVolumeClaimVolumeSource.exactOptional().describe(
    'A PVC in the namespace of the source.',
  ),
  nfs: NFSVolumeSource.exactOptional().describe('A folder of an NFS server.'),
});

export const MoverVolume = z.object({
  mountPath: z.string().describe('Where the volume appears in the mover, below `/mnt/`.'),
  volumeSource: MoverVolumeSource.describe(
    'What is mounted: exactly one of `secret`, `persistentVolumeClaim` and `nfs`.',
  ),
});

/** How the pod of the mover runs: the same fields in restic, rclone, rsyncTLS and syncthing. */
export const MoverOptions = z.object({
  moverSecurityContext: PodSecurityContext.exactOptional().describe(
    'Security context of the pod of the mover. Absent: none, so the image and the cluster decide.',
  ),
  moverServiceAccount: z
    .string()
    .exactOptional()
    .describe(
      'An existing ServiceAccount for the mover, in the namespace of the source. Absent: an account without rights of its own.',
    ),
  moverPodLabels: StringMap.exactOptional().describe(
    'Labels added to the pod of the mover; where a key is ours too, this value wins.',
  ),
  moverResources: ResourceRequirements.exactOptional().describe(
    'Requests and limits of the container of the mover. Absent: none.',
  ),
  moverAffinity: Affinity.exactOptional().describe(
    'Where the pod of the mover may run. Absent: anywhere; with `copyMethod: Direct` on the node where the PVC is in use.',
  ),
  moverVolumes: z
    .array(MoverVolume)
    .exactOptional()
    .describe('Further volumes for the mover, such as an NFS share that holds the repository.'),
});

/** The few of them that the ssh-based rsync takes. */
export const RsyncMoverOptions = MoverOptions.pick({
  moverServiceAccount: true,
  moverPodLabels: true,
  moverResources: true,
});

/** Certificates by which the mover recognises its server; one of Secret and ConfigMap. */
export const CustomCa = z.object({
  secretName: z.string().exactOptional().describe('Secret that holds the certificate.'),
  configMapName: z.string().exactOptional().describe('ConfigMap that holds the certificate.'),
  key: z.string().exactOptional().describe('Key in it whose value is the PEM certificate.'),
});
