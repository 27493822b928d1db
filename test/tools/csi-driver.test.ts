import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { scratchFolder, startDriver, type RunningDriver } from './running-driver.ts';

interface VolumeResponse {
  readonly volume: { readonly volume_id: string; readonly capacity_bytes: number };
}
interface SnapshotResponse {
  readonly snapshot: {
    readonly snapshot_id: string;
    readonly ready_to_use: boolean;
    readonly creation_time: object;
  };
}

const MOUNT = [{ mount: {}, access_mode: { mode: 'SINGLE_NODE_WRITER' } }];

let folder: ReturnType<typeof scratchFolder>;
let driver: RunningDriver;

beforeAll(async () => {
  folder = scratchFolder();
  driver = await startDriver(folder.path);
});

afterAll(async () => {
  await driver.stop();
  folder.remove();
});

describe('a volume', () => {
  it('is an empty folder that its owner may write and others may read, unless the class says otherwise', async () => {
    const usual = await createVolume('usual');
    const shared = await createVolume('shared', { parameters: { rootMode: '0777' } });
    expect(readdirSync(driver.volumeData(usual))).toEqual([]);
    expect(statSync(driver.volumeData(usual)).mode & 0o777).toBe(0o755);
    expect(statSync(driver.volumeData(shared)).mode & 0o777).toBe(0o777);
  });

  it('is made once, however often and however impatiently Kubernetes asks', async () => {
    const slow = { parameters: { createDelayMs: '200' } };
    const ids = await Promise.all([createVolume('orders', slow), createVolume('orders', slow)]);
    expect(ids[0]).toBe(ids[1]);
    expect(await createVolume('orders')).toBe(ids[0]);
  });

  it('cloned from another holds what that one held', async () => {
    const origin = await createVolume('origin');
    writeFileSync(join(driver.volumeData(origin), 'records'), 'one', { mode: 0o640 });
    const clone = await createVolume('clone', { volume_content_source: { volume: { volume_id: origin } } });
    writeFileSync(join(driver.volumeData(origin), 'records'), 'two');
    expect(readFileSync(join(driver.volumeData(clone), 'records'), 'utf8')).toBe('one');
    expect(statSync(join(driver.volumeData(clone), 'records')).mode & 0o777).toBe(0o640);
  });

  it('is created after as many failures as the class asks for, with the code that it names', async () => {
    const unlucky = { parameters: { failCreate: '2', failCode: 'RESOURCE_EXHAUSTED' } };
    await expect(createVolume('unlucky', unlucky)).rejects.toThrow(/RESOURCE_EXHAUSTED.*attempt 1/);
    await expect(createVolume('unlucky', unlucky)).rejects.toThrow(/RESOURCE_EXHAUSTED.*attempt 2/);
    await expect(createVolume('unlucky', unlucky)).resolves.toMatch(/^vol-/);
  });

  it('stays where it is when its deletion fails', async () => {
    const volume_id = await createVolume('sticky', { parameters: { failDelete: '1' } });
    await expect(driver.call('Controller', 'DeleteVolume', { volume_id })).rejects.toThrow(/failDelete/);
    expect(existsSync(driver.volumeData(volume_id))).toBe(true);
    await driver.call('Controller', 'DeleteVolume', { volume_id });
    expect(existsSync(driver.volumeData(volume_id))).toBe(false);
  });
});

describe('a snapshot', () => {
  it('holds what the volume held at the cut, and restores to it', async () => {
    const origin = await volumeWith('before');
    const { snapshot } = await createSnapshot('cut', origin);
    writeFileSync(join(driver.volumeData(origin), 'records'), 'after');
    expect(snapshot.ready_to_use).toBe(true);
    expect(await restored(snapshot.snapshot_id)).toBe('before');
  });

  it('is cut at once and ready later, the cut keeping its time', async () => {
    const origin = await volumeWith('before');
    const parameters = { readyDelayMs: '1500' };
    const first = await createSnapshot('upload', origin, parameters);
    writeFileSync(join(driver.volumeData(origin), 'records'), 'after');
    expect(first.snapshot.ready_to_use).toBe(false);
    await expect(restored(first.snapshot.snapshot_id)).rejects.toThrow(/UNAVAILABLE/);
    await vi.waitFor(async () => {
      const poll = await createSnapshot('upload', origin, parameters);
      expect(poll.snapshot).toEqual({ ...first.snapshot, ready_to_use: true });
    }, 10_000);
    expect(await restored(first.snapshot.snapshot_id)).toBe('before');
  });

  it('holds what the volume held after the delay before the cut, not when it was asked for', async () => {
    const origin = await volumeWith('asked');
    const cutting = createSnapshot('slow', origin, { cutDelayMs: '100' });
    writeFileSync(join(driver.volumeData(origin), 'records'), 'during the delay');
    expect(await restored((await cutting).snapshot.snapshot_id)).toBe('during the delay');
  });

  it('is not there after a cut that failed', async () => {
    const origin = await volumeWith('before');
    await expect(createSnapshot('never', origin, { failCut: 'always' })).rejects.toThrow(/INTERNAL.*failCut/);
    const listed = await driver.call('Controller', 'ListSnapshots', { source_volume_id: origin });
    expect(listed).toMatchObject({ entries: [] });
  });

  it('that fails after its cut is never called ready', async () => {
    const origin = await volumeWith('before');
    const { snapshot } = await createSnapshot('lost', origin, { failReady: 'always' });
    expect(snapshot.ready_to_use).toBe(false);
    await expect(createSnapshot('lost', origin, { failReady: 'always' })).rejects.toThrow(/failReady/);
  });
});

describe('the driver', () => {
  it('serves the same volumes, snapshots and remaining failures after it was killed, and drops unfinished copies', async () => {
    const origin = await volumeWith('kept');
    const { snapshot } = await createSnapshot('kept', origin);
    await expect(createSnapshot('twice', origin, { failCut: '2' })).rejects.toThrow(/attempt 1/);
    await driver.stop('SIGKILL');
    const unfinished = driver.volumeData('vol-unfinished');
    mkdirSync(unfinished, { recursive: true });

    driver = await startDriver(folder.path);
    expect(await restored(snapshot.snapshot_id)).toBe('kept');
    expect(existsSync(dirname(unfinished))).toBe(false);
    await expect(createSnapshot('twice', origin, { failCut: '2' })).rejects.toThrow(/attempt 2/);
    await expect(createSnapshot('twice', origin, { failCut: '2' })).resolves.toBeDefined();
  });

  it('tells kubelet its name and where to call it', async () => {
    expect(await driver.registration('GetInfo')).toEqual({
      type: 'CSIPlugin',
      name: 'dir.csi.stillpoint.dev',
      endpoint: driver.endpoint,
      supported_versions: ['1.0.0'],
    });
  });

  it('leaves no socket when it is asked to stop', async () => {
    await driver.stop();
    expect(readdirSync(folder.path)).toEqual(['state']);
  });
});

async function createVolume(name: string, more: object = {}): Promise<string> {
  const request = { name, volume_capabilities: MOUNT, ...more };
  return (await driver.call<VolumeResponse>('Controller', 'CreateVolume', request)).volume.volume_id;
}

/** A volume whose file `records` has this text. */
async function volumeWith(text: string): Promise<string> {
  const id = await createVolume(`origin-${randomUUID()}`);
  writeFileSync(join(driver.volumeData(id), 'records'), text);
  return id;
}

function createSnapshot(name: string, source_volume_id: string, parameters = {}): Promise<SnapshotResponse> {
  return driver.call('Controller', 'CreateSnapshot', { name, source_volume_id, parameters });
}

/** The text of `records` in a new volume made from the snapshot. */
async function restored(snapshot_id: string): Promise<string> {
  const id = await createVolume(`from-${snapshot_id}`, {
    volume_content_source: { snapshot: { snapshot_id } },
  });
  return readFileSync(join(driver.volumeData(id), 'records'), 'utf8');
}
