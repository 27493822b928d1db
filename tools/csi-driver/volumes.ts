import { chmodSync } from 'node:fs';
import { delay } from './faults.ts';
import type { Methods } from './grpc-server.ts';
import { createLoop, growLoop, isLoop, mountLoop, unmountLoop } from './loop-volume.ts';
import { mounted } from './mounts.ts';
import { demand, Refusal } from './refusal.ts';
import {
  pageOf,
  whyUnsupported,
  type Capability,
  type CapacityRange,
  type CreateVolume,
  type ExpandVolume,
  type Listing,
  type Parameters,
  type ValidateCapabilities,
} from './requests.ts';
import type { Storage } from './storage.ts';
import { copyData, type Volume } from './store.ts';

const GIB = 2 ** 30;

/** The controller's calls about volumes. Sizes are recorded, and enforced only with `backing: loop`. */
export function volumeMethods(storage: Storage): Methods {
  return {
    CreateVolume: (request: CreateVolume) => createVolume(storage, request),
    DeleteVolume: ({ volume_id }: { volume_id: string }) => deleteVolume(storage, volume_id),
    ValidateVolumeCapabilities: (request: ValidateCapabilities) => validateCapabilities(storage, request),
    ListVolumes: (request: Listing) => listVolumes(storage, request),
    ControllerExpandVolume: (request: ExpandVolume) => expandVolume(storage, request),
  };
}

export function volumeById(storage: Storage, id: string): Volume {
  demand(id, 'volume id');
  const volume = storage.volumes.get(id);
  if (!volume) throw new Refusal('NOT_FOUND', `there is no volume ${id}`);
  return volume;
}

/** The folder that holds what the volume holds. */
export async function openedData(storage: Storage, { id, parameters }: Volume): Promise<string> {
  const data = storage.volumes.data(id);
  // One at a time: two who found it closed would mount it twice.
  if (isLoop(parameters)) await storage.inTurn(`mount/${id}`, () => mountLoop(data));
  return data;
}

export function refuseUnsupported(capabilities: readonly Capability[]): void {
  demand(capabilities.length, 'volume capabilities');
  const reason = capabilities.map(whyUnsupported).find((why) => why !== undefined);
  if (reason) throw new Refusal('INVALID_ARGUMENT', reason);
}

async function createVolume(storage: Storage, request: CreateVolume): Promise<object> {
  demand(request.name, 'name');
  refuseUnsupported(request.volume_capabilities);
  const range = checkedRange(request.capacity_range);
  const from = sourceOf(request);
  return storage.inTurn(`volume/${request.name}`, async () => {
    const existing = storage.volumes.named(request.name);
    if (existing) return { volume: describe(sameOrRefuse(existing, from, range)) };
    const origin = await originOf(storage, from);
    const capacityBytes = capacityFor(range, origin?.sizeBytes);
    storage.injectFault('failCreate', request.name, request.parameters);
    await delay(request.parameters['createDelayMs']);
    const volume = await storage.volumes.create(async (id, data) => {
      await fill(data, { capacityBytes, parameters: request.parameters, origin: origin?.data });
      return { id, name: request.name, capacityBytes, from, parameters: request.parameters, targets: {} };
    });
    return { volume: describe(volume) };
  });
}

interface Filling {
  readonly capacityBytes: number;
  readonly parameters: Parameters;
  /** The folder that a restore or a clone starts from. */
  readonly origin: string | undefined;
}

async function fill(data: string, { capacityBytes, parameters, origin }: Filling): Promise<void> {
  try {
    if (isLoop(parameters)) await createLoop(data, capacityBytes);
    chmodSync(data, parseInt(parameters['rootMode'] ?? '0755', 8));
    if (origin !== undefined) await copyData(origin, data); // Takes over the mode of the origin's root, too.
  } catch (error) {
    await unmountLoop(data); // Else what was made could not be removed.
    throw error;
  }
}

function checkedRange(range: CapacityRange | null): CapacityRange {
  const { required_bytes = 0, limit_bytes = 0 } = range ?? {};
  if (limit_bytes && required_bytes > limit_bytes) {
    throw new Refusal(
      'INVALID_ARGUMENT',
      `required_bytes ${required_bytes} exceeds limit_bytes ${limit_bytes}`,
    );
  }
  return { required_bytes, limit_bytes };
}

function sourceOf({ volume_content_source }: CreateVolume): Volume['from'] {
  const snapshot = volume_content_source?.snapshot?.snapshot_id;
  const volume = volume_content_source?.volume?.volume_id;
  return { ...(snapshot ? { snapshot } : {}), ...(volume ? { volume } : {}) };
}

function sameOrRefuse(existing: Volume, from: Volume['from'], range: CapacityRange): Volume {
  const fits =
    existing.capacityBytes >= range.required_bytes &&
    (!range.limit_bytes || existing.capacityBytes <= range.limit_bytes);
  if (fits && existing.from.snapshot === from.snapshot && existing.from.volume === from.volume)
    return existing;
  throw new Refusal('ALREADY_EXISTS', `volume ${existing.name} exists with another size or source`);
}

/** The data that a restore or a clone starts from. */
async function originOf(
  storage: Storage,
  from: Volume['from'],
): Promise<{ data: string; sizeBytes: number } | undefined> {
  if (from.volume) {
    const volume = volumeById(storage, from.volume);
    return { data: await openedData(storage, volume), sizeBytes: volume.capacityBytes };
  }
  if (!from.snapshot) return undefined;
  const snapshot = storage.snapshots.get(from.snapshot);
  if (!snapshot) throw new Refusal('NOT_FOUND', `there is no snapshot ${from.snapshot}`);
  if (Date.now() < snapshot.readyAt)
    throw new Refusal('UNAVAILABLE', `snapshot ${snapshot.id} is not ready yet`);
  return { data: storage.snapshots.data(snapshot.id), sizeBytes: snapshot.sizeBytes };
}

function capacityFor({ required_bytes, limit_bytes }: CapacityRange, originBytes = 0): number {
  if (required_bytes && required_bytes < originBytes) {
    throw new Refusal('OUT_OF_RANGE', `${required_bytes} bytes are less than the source's ${originBytes}`);
  }
  const wanted = required_bytes || Math.min(GIB, limit_bytes || GIB);
  const capacity = Math.max(wanted, originBytes);
  if (limit_bytes && capacity > limit_bytes) {
    throw new Refusal('OUT_OF_RANGE', `the source's ${originBytes} bytes exceed limit_bytes ${limit_bytes}`);
  }
  return capacity;
}

async function deleteVolume(storage: Storage, id: string): Promise<object> {
  demand(id, 'volume id');
  return storage.inTurn(`delete/${id}`, async () => {
    const volume = storage.volumes.get(id);
    if (!volume) return {};
    storage.injectFault('failDelete', id, volume.parameters);
    await unmountLoop(storage.volumes.data(id));
    await storage.volumes.remove(id);
    return {};
  });
}

function validateCapabilities(storage: Storage, request: ValidateCapabilities): object {
  volumeById(storage, request.volume_id);
  demand(request.volume_capabilities.length, 'volume capabilities');
  const message = request.volume_capabilities.map(whyUnsupported).find((why) => why !== undefined);
  if (message) return { message };
  const { volume_context, volume_capabilities, parameters } = request;
  return { confirmed: { volume_context, volume_capabilities, parameters } };
}

function listVolumes(storage: Storage, request: Listing): object {
  const listed = pageOf(storage.volumes.all(), request);
  return {
    entries: listed.page.map((volume) => ({ volume: describe(volume), status: {} })),
    next_token: listed.next,
  };
}

async function expandVolume(storage: Storage, request: ExpandVolume): Promise<object> {
  const volume = volumeById(storage, request.volume_id);
  demand(request.capacity_range, 'capacity range');
  const capacityBytes = Math.max(volume.capacityBytes, checkedRange(request.capacity_range).required_bytes);
  if (isLoop(volume.parameters)) await grow(storage, volume, capacityBytes);
  storage.volumes.save({ ...volumeById(storage, volume.id), capacityBytes });
  return { capacity_bytes: capacityBytes, node_expansion_required: false };
}

async function grow(storage: Storage, { id, targets }: Volume, capacityBytes: number): Promise<void> {
  const elsewhere = Object.keys(targets).find((path) => mounted(path));
  if (elsewhere !== undefined) {
    throw new Refusal('FAILED_PRECONDITION', `volume ${id} cannot grow while it is mounted at ${elsewhere}`);
  }
  await storage.inTurn(`publish/${id}`, () => growLoop(storage.volumes.data(id), capacityBytes));
}

function describe({ id, capacityBytes, from }: Volume): object {
  return {
    volume_id: id,
    capacity_bytes: capacityBytes,
    volume_context: {},
    ...(from.snapshot ? { content_source: { snapshot: { snapshot_id: from.snapshot } } } : {}),
    ...(from.volume ? { content_source: { volume: { volume_id: from.volume } } } : {}),
  };
}
