// Invariants 6, 8 and 10 for the images of destinations: whose they are, that they can be restored from, and that only
// the latest one stays.
import type { VolumeSnapshot } from '../../../api/kubernetes.ts';
import type { ReplicationDestination } from '../../../api/replication-destination.ts';
import { ownerOfRun } from '../../../domain/ended-sync.ts';
import { ANNOTATIONS_OF_RUN, LABELS } from '../../../domain/names.ts';
import { lastMoment, livesOf, nameOf, standingAt, unseenBetween } from '../scenario-record.ts';
import type { Life, OutsideRecord, Version } from '../scenario-record.ts';
import { isImage } from './copies.ts';
import { endedForLong } from './rest.ts';
import { violation } from './violation.ts';
import type { Violation } from './violation.ts';

function imagesIn(record: OutsideRecord): readonly Life<'volumeSnapshots'>[] {
  return livesOf(record, 'volumeSnapshots').filter(([{ object }]) => isImage(object));
}

/** 6: an image was made by a sync of the destination that owns it, and by no label goes with that sync. */
export function onlyOwnImages(record: OutsideRecord): readonly Violation[] {
  return imagesIn(record).flatMap(([created]) => {
    const { labels = {}, ownerReferences = [] } = created.object.metadata;
    const owner = ownerReferences.find(({ kind }) => kind === 'ReplicationDestination');
    const by = ownerOfRun(runOf(created.object));
    if (by?.kind !== 'ReplicationDestination' || by.name !== owner?.name)
      return [violation(6, created, `is owned by ${owner?.name}, and made by ${runOf(created.object)}`)];
    const label = [LABELS.run, LABELS.cleanup, LABELS.copyWindow].find((key) => labels[key] !== undefined);
    return label === undefined ? [] : [violation(6, created, `is an image, and carries the label ${label}`)];
  });
}

/** 8: what a destination calls its latest image can be restored from at that moment. */
export function latestImageIsReady(record: OutsideRecord): readonly Violation[] {
  return livesOf(record, 'destinations').flatMap((life) =>
    life.flatMap((version, index) => {
      const image = version.object.status?.latestImage;
      const before = life[index - 1]?.object.status?.latestImage?.name;
      if (image?.kind !== 'VolumeSnapshot' || image.name === before) return [];
      if (unseenBetween(record, 'volumeSnapshots', [0, version.at])) return [];
      const standing = livesOf(record, 'volumeSnapshots')
        .filter(([{ object }]) => object.metadata.name === image.name)
        .map((snapshot) => standingAt(snapshot, version.at));
      const ready = standing.some((snapshot) => snapshot?.object.status?.readyToUse === true);
      return ready ? [] : [violation(8, version, `calls ${image.name} its latest image, which is not ready`)];
    }),
  );
}

/** 10: of the images of a destination that stands, none but the latest outlives the sync that made it. */
export function onlyLatestImageStays(record: OutsideRecord): readonly Violation[] {
  const { at } = lastMoment(record);
  return imagesIn(record).flatMap((life) => {
    const image = standingAt(life, at);
    const owner = image && ownerOfImage(record, image);
    if (image === undefined || owner === undefined || mayStay(image, owner)) return [];
    const run = runOf(image.object);
    const how = endedForLong(record, run)?.closed?.status;
    const what = `remains of ${run}, which was ${how}, and is not the latest image of ${nameOf(owner)}`;
    return how === undefined ? [] : [violation(10, image, what)];
  });
}

// The latest one, one that goes, and one that is asked for by its owner's label or by a PVC that is filled from it.
function mayStay(
  { object: { metadata } }: Version<VolumeSnapshot>,
  { object: { status } }: Version<ReplicationDestination>,
): boolean {
  const { name, labels = {}, ownerReferences = [], deletionTimestamp } = metadata;
  const askedFor = labels[LABELS.doNotDelete] !== undefined || ownerReferences.length > 1;
  return status?.latestImage?.name === name || deletionTimestamp !== undefined || askedFor;
}

function ownerOfImage(record: OutsideRecord, { object }: Version<VolumeSnapshot>) {
  const { at } = lastMoment(record);
  const uids = (object.metadata.ownerReferences ?? []).map(({ uid }) => uid);
  return livesOf(record, 'destinations')
    .filter(([first]) => uids.includes(first.object.metadata.uid ?? ''))
    .map((life) => standingAt(life, at))
    .find((owner) => owner !== undefined && owner.object.metadata.deletionTimestamp === undefined);
}

function runOf({ metadata }: VolumeSnapshot): string {
  return metadata.annotations?.[ANNOTATIONS_OF_RUN.workflowId] ?? '';
}
