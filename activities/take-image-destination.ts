// image: a VolumeSnapshot of what was received, from which PVCs can be restored; with copyMethod Direct the PVC itself.
import type { LatestImage } from '../api/replication-destination.ts';
import type { ReceivePlan } from '../api/sync.ts';
import { latestImage } from '../domain/destination-status.ts';
import { imageOf, isOurImage } from '../domain/destination-volume.ts';
import { asDestination } from '../domain/ownership.ts';
import { refOf } from '../kubernetes/object-ref.ts';
import { attended, currentRun } from './context.ts';
import type { SyncContext } from './context.ts';
import { getOrCreate } from './copy-object.ts';
import { receivingPvc } from './destination-pvc.ts';
import { readySnapshot } from './ready-snapshot.ts';

/** Returns once the image can be restored from (VolSync RD-1). `time` names it, the same for each attempt. */
export async function takeImage(context: SyncContext, plan: ReceivePlan, time: number): Promise<LatestImage> {
  return attended(async ({ signal, note }) => {
    const { destination, copyMethod, volumeSnapshotClassName } = plan;
    const { metadata } = await receivingPvc(context, plan, signal);
    if (copyMethod === 'Direct') return latestImage(copyMethod, metadata.name);
    const { volumeSnapshots } = context.cluster;
    const taken = { destination: asDestination(destination), run: currentRun().run, time };
    const order = { ...taken, pvcName: metadata.name, volumeSnapshotClassName };
    const image = await getOrCreate(volumeSnapshots, imageOf(order), {
      isOurs: (found) => isOurImage(order, found),
      signal,
    });
    note({ phase: `waiting until the VolumeSnapshot ${image.metadata.name} is ready` });
    await readySnapshot(context, refOf(image), signal);
    return latestImage(copyMethod, image.metadata.name);
  });
}
