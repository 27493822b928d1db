import { existsSync, mkdirSync, rmdirSync, statfsSync } from 'node:fs';
import type { Methods } from './grpc-server.ts';
import { bindMount, mounted, unmount } from './mounts.ts';
import { demand, Refusal } from './refusal.ts';
import type { PublishVolume, UnpublishVolume, VolumeStats } from './requests.ts';
import type { Storage } from './storage.ts';
import type { Volume } from './store.ts';
import { openedData, refuseUnsupported, volumeById } from './volumes.ts';

const CAPABILITIES = ['GET_VOLUME_STATS', 'SINGLE_NODE_MULTI_WRITER'];

export function nodeService(storage: Storage, nodeId: string): Methods {
  return {
    NodeGetInfo: () => ({ node_id: nodeId, max_volumes_per_node: 0 }),
    NodeGetCapabilities: () => ({ capabilities: CAPABILITIES.map((type) => ({ rpc: { type } })) }),
    NodePublishVolume: (request: PublishVolume) => publish(storage, request),
    NodeUnpublishVolume: (request: UnpublishVolume) => unpublish(storage, request),
    NodeGetVolumeStats: (request: VolumeStats) => stats(storage, request),
  };
}

async function publish(storage: Storage, request: PublishVolume): Promise<object> {
  const { volume_id, target_path, volume_capability, readonly } = request;
  demand(volume_id, 'volume id');
  demand(target_path, 'target path');
  refuseUnsupported(volume_capability ? [volume_capability] : []);
  return storage.inTurn(`publish/${volume_id}`, async () => {
    const volume = volumeById(storage, volume_id);
    const mode = volume_capability?.access_mode?.mode ?? 'UNKNOWN';
    const others = otherTargets(volume, target_path);
    refuseSecondWriter(volume, mode, others);
    mkdirSync(target_path, { recursive: true, mode: 0o750 });
    if (!mounted(target_path)) await bindMount(await openedData(storage, volume), target_path, readonly);
    storage.volumes.save({ ...volume, targets: { ...others, [target_path]: mode } });
    return {};
  });
}

/** Where else the volume is mounted now; a reboot has unmounted everything that the record still names. */
function otherTargets(volume: Volume, target: string): Volume['targets'] {
  return Object.fromEntries(
    Object.entries(volume.targets).filter(([path]) => path !== target && mounted(path)),
  );
}

function refuseSecondWriter(volume: Volume, mode: string, others: Volume['targets']): void {
  const [elsewhere] = Object.keys(others);
  if (elsewhere === undefined) return;
  if (![mode, ...Object.values(others)].includes('SINGLE_NODE_SINGLE_WRITER')) return;
  throw new Refusal(
    'FAILED_PRECONDITION',
    `volume ${volume.id} allows one writer and is mounted at ${elsewhere}`,
  );
}

async function unpublish(storage: Storage, { volume_id, target_path }: UnpublishVolume): Promise<object> {
  demand(volume_id, 'volume id');
  demand(target_path, 'target path');
  return storage.inTurn(`publish/${volume_id}`, async () => {
    if (existsSync(target_path)) {
      if (mounted(target_path)) await unmount(target_path);
      rmdirSync(target_path); // Never recursive: should it still be mounted, the data is the user's.
    }
    const volume = storage.volumes.get(volume_id);
    if (volume) storage.volumes.save({ ...volume, targets: otherTargets(volume, target_path) });
    return {};
  });
}

function stats(storage: Storage, { volume_id, volume_path }: VolumeStats): object {
  demand(volume_id, 'volume id');
  demand(volume_path, 'volume path');
  volumeById(storage, volume_id);
  if (!existsSync(volume_path)) throw new Refusal('NOT_FOUND', `there is nothing at ${volume_path}`);
  const { blocks, bfree, bavail, bsize, files, ffree } = statfsSync(volume_path);
  const used = (blocks - bfree) * bsize;
  const available = bavail * bsize;
  return {
    usage: [
      { unit: 'BYTES', total: used + available, available, used },
      { unit: 'INODES', total: files, available: ffree, used: files - ffree },
    ],
  };
}
