// Who else may serve the same sources: VolSync in the same cluster, which leads under a Lease of a fixed name
// (reference VolSync §2.11), and a Stillpoint of another cluster in the same Temporal namespace.
import type { Lease } from '../api/kubernetes.ts';

export const VOLSYNC_LEASE = 'b95b3104.backube';

/** Whether somebody holds the lease now; `now` is API-server milliseconds since the epoch. */
export function isHeld({ spec = {} }: Lease, now: number): boolean {
  const { holderIdentity = '', leaseDurationSeconds = 0, renewTime = '' } = spec;
  return holderIdentity !== '' && now < Date.parse(renewTime) + leaseDurationSeconds * 1_000;
}
