// Values that Kubernetes defines and our resources embed. Those marked `kubernetesType` get the API server's
// own schema in the CRD (tools/generate/kubernetes-types.json); here they stay loose, because the API server
// has checked them and we only hand them on.
import { z } from 'zod';

/** How the API server recognises a quantity that is written as a string. */
export const QUANTITY_PATTERN =
  /^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$/;

/** An amount such as `10Gi`, or a whole number of bytes. */
export const Quantity = z
  .union([z.number().refine(Number.isInteger, 'must be a whole number'), z.string().regex(QUANTITY_PATTERN)])
  .meta({ kubernetesType: 'Quantity' });

/** A point in time, RFC 3339 with whole seconds in UTC as Kubernetes writes it. */
export const Time = z.iso.datetime({ offset: true });

export const PodSecurityContext = loose('PodSecurityContext');
export const ResourceRequirements = loose('ResourceRequirements');
export const Affinity = loose('Affinity');
export const SecretVolumeSource = loose('SecretVolumeSource');
export const PersistentVolumeClaimVolumeSource = loose('PersistentVolumeClaimVolumeSource');
export const NFSVolumeSource = loose('NFSVolumeSource');

export const StringMap = z.record(z.string(), z.string());

function loose(kubernetesType: string) {
  return z.record(z.string(), z.unknown()).meta({ kubernetesType });
}
