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

/** How the pod of a source's mover runs: the same fields in restic, rclone, rsyncTLS and syncthing. */
export const MoverOptions = moverOptionsOf('source');
/** The same of a destination, where only the words differ. */
export const DestinationMoverOptions = moverOptionsOf('destination');

/** The few of them that the ssh-based rsync takes. */
export const RSYNC_MOVER_FIELDS = {
  moverServiceAccount: true,
  moverPodLabels: true,
  moverResources: true,
} as const;

/** Certificates by which the mover recognises its server; one of Secret and ConfigMap. */
export const CustomCa = z.object({
  secretName: z.string().exactOptional().describe('Secret that holds the certificate.'),
  configMapName: z.string().exactOptional().describe('ConfigMap that holds the certificate.'),
  key: z.string().exactOptional().describe('Key in it whose value is the PEM certificate.'),
});

function moverOptionsOf(side: 'source' | 'destination') {
  return z.object({
    moverSecurityContext: PodSecurityContext.exactOptional().describe(
      'Security context of the pod of the mover. Absent: root without capabilities; nobody (65534) where the namespace enforces Pod Security `restricted`.',
    ),
    moverServiceAccount: z
      .string()
      .exactOptional()
      .describe(
        `An existing ServiceAccount for the mover, in the namespace of the ${side}. Absent: the default one of the namespace. Its token is not mounted.`,
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
      .array(moverVolumeOf(side))
      .exactOptional()
      .describe('Further volumes for the mover, such as an NFS share that holds the repository.'),
  });
}

// The schema allows none or several of the three volume sources; exactly one makes sense.
function moverVolumeOf(side: 'source' | 'destination') {
  const volumeSource = z.object({
    secret: SecretVolumeSource.exactOptional().describe('A Secret, mounted as files.'),
    persistentVolumeClaim: PersistentVolumeClaimVolumeSource.exactOptional().describe(
      `A PVC in the namespace of the ${side}.`,
    ),
    nfs: NFSVolumeSource.exactOptional().describe('A folder of an NFS server.'),
  });
  return z.object({
    mountPath: z.string().describe('Where the volume appears in the mover, below `/mnt/`.'),
    volumeSource: volumeSource.describe(
      'What is mounted: exactly one of `secret`, `persistentVolumeClaim` and `nfs`.',
    ),
  });
}
