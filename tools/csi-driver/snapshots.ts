import { delay } from './faults.ts';
import type { Methods } from './grpc-server.ts';
import { demand, Refusal } from './refusal.ts';
import { pageOf, type CreateSnapshot, type ListSnapshots } from './requests.ts';
import type { Storage } from './storage.ts';
import { copyData, type Snapshot } from './store.ts';
import { openedData, volumeById } from './volumes.ts';

/** The controller's calls about snapshots. */
export function snapshotMethods(storage: Storage): Methods {
  return {
    CreateSnapshot: (request: CreateSnapshot) => createSnapshot(storage, request),
    DeleteSnapshot: ({ snapshot_id }: { snapshot_id: string }) => deleteSnapshot(storage, snapshot_id),
    ListSnapshots: (request: ListSnapshots) => listSnapshots(storage, request),
  };
}

/** csi-snapshotter also polls with this call until the snapshot is ready: a known name is never cut twice. */
async function createSnapshot(storage: Storage, request: CreateSnapshot): Promise<object> {
  demand(request.name, 'name');
  demand(request.source_volume_id, 'source volume id');
  return storage.inTurn(`snapshot/${request.name}`, async () => {
    const existing = storage.snapshots.named(request.name);
    if (existing) return { snapshot: describe(pollExisting(storage, existing, request)) };
    const snapshot = await cut(storage, request);
    // A snapshot that is to fail after its cut must not be called ready in the very answer that cut it.
    return {
      snapshot: {
        ...describe(snapshot),
        ...(request.parameters['failReady'] ? { ready_to_use: false } : {}),
      },
    };
  });
}

function pollExisting(storage: Storage, existing: Snapshot, request: CreateSnapshot): Snapshot {
  if (existing.volumeId !== request.source_volume_id) {
    throw new Refusal(
      'ALREADY_EXISTS',
      `snapshot ${request.name} is of another volume, ${existing.volumeId}`,
    );
  }
  if (ready(existing)) storage.injectFault('failReady', request.name, request.parameters);
  return existing;
}

async function cut(
  storage: Storage,
  { name, source_volume_id, parameters }: CreateSnapshot,
): Promise<Snapshot> {
  const volume = volumeById(storage, source_volume_id);
  storage.injectFault('failCut', name, parameters);
  await delay(parameters['cutDelayMs']);
  return storage.snapshots.create(async (id, data) => {
    const cutAt = Date.now();
    await copyData(await openedData(storage, volume), data);
    const readyAt = Date.now() + Number(parameters['readyDelayMs'] ?? 0);
    return { id, name, volumeId: volume.id, sizeBytes: volume.capacityBytes, cutAt, readyAt, parameters };
  });
}

async function deleteSnapshot(storage: Storage, id: string): Promise<object> {
  demand(id, 'snapshot id');
  return storage.inTurn(`delete/${id}`, async () => {
    const snapshot = storage.snapshots.get(id);
    if (!snapshot) return {};
    storage.injectFault('failDelete', id, snapshot.parameters);
    await storage.snapshots.remove(id);
    return {};
  });
}

function listSnapshots(storage: Storage, request: ListSnapshots): object {
  const { snapshot_id, source_volume_id } = request;
  const wanted = storage.snapshots
    .all()
    .filter(
      (snapshot) =>
        (!snapshot_id || snapshot.id === snapshot_id) &&
        (!source_volume_id || snapshot.volumeId === source_volume_id),
    );
  const listed = pageOf(wanted, request);
  return {
    entries: listed.page.map((snapshot) => ({ snapshot: describe(snapshot) })),
    next_token: listed.next,
  };
}

function ready({ readyAt }: Snapshot): boolean {
  return Date.now() >= readyAt;
}

function describe(snapshot: Snapshot): object {
  const { id, volumeId, sizeBytes, cutAt } = snapshot;
  return {
    snapshot_id: id,
    source_volume_id: volumeId,
    size_bytes: sizeBytes,
    ready_to_use: ready(snapshot),
    creation_time: { seconds: Math.floor(cutAt / 1000), nanos: (cutAt % 1000) * 1_000_000 },
  };
}
