// Volumes that can be full: what `backing: loop` promises the tests that use it, asked of the driver itself.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder, startDriver, type RunningDriver } from '../tools/running-driver.ts';
import { loopFilesBelow } from './loop-devices.ts';

const MIB = 2 ** 20;
const MOUNT = [{ mount: {}, access_mode: { mode: 'SINGLE_NODE_WRITER' } }];

const folder = scratchFolder();
let driver: RunningDriver;

beforeAll(async () => {
  driver = await startDriver(folder.path);
});

afterAll(async () => {
  await driver.stop();
  folder.remove();
});

describe('a volume with a file system of its own', () => {
  it('is as large as was asked for, no less and no more, and can be enlarged once it is full', async () => {
    const id = await createVolume('full', 16 * MIB);
    const large = join(driver.volumeData(id), 'large');
    expect(sizeOf(id)).toBeGreaterThan(12 * MIB);
    expect(sizeOf(id)).toBeLessThanOrEqual(16 * MIB);
    expect(() => writeFileSync(large, Buffer.alloc(16 * MIB))).toThrow('ENOSPC');
    await driver.call('Controller', 'ControllerExpandVolume', {
      volume_id: id,
      capacity_range: { required_bytes: 32 * MIB },
    });
    writeFileSync(large, Buffer.alloc(16 * MIB));
    await remove('Volume', id);
  });

  it('is copied by snapshot and by clone, and restored to a size of its own', async () => {
    const origin = await createVolume('origin', 16 * MIB);
    writeFileSync(join(driver.volumeData(origin), 'records'), 'one');
    const { snapshot } = await driver.call<{ snapshot: { snapshot_id: string } }>(
      'Controller',
      'CreateSnapshot',
      { name: 'cut', source_volume_id: origin },
    );
    writeFileSync(join(driver.volumeData(origin), 'records'), 'two');
    const restored = await createVolume('restored', 24 * MIB, from({ snapshot }));
    const clone = await createVolume('clone', 16 * MIB, from({ volume: { volume_id: origin } }));
    expect([restored, clone].map(recordsIn)).toEqual(['one', 'two']);
    expect(sizeOf(restored)).toBeGreaterThan(16 * MIB);
    for (const id of [origin, restored, clone]) await remove('Volume', id);
    await remove('Snapshot', snapshot.snapshot_id);
  });

  it('is mounted again after the node has gone down, with all that it held', async () => {
    const id = await createVolume('kept', 16 * MIB);
    writeFileSync(join(driver.volumeData(id), 'records'), 'one');
    await driver.stop('SIGKILL');
    execFileSync('umount', [driver.volumeData(id)]);
    driver = await startDriver(folder.path);
    const clone = await createVolume('of kept', 16 * MIB, from({ volume: { volume_id: id } }));
    expect(recordsIn(clone)).toBe('one');
    for (const each of [id, clone]) await remove('Volume', each);
  });

  it('leaves neither mount nor loop device nor file, also when it could not be made', async () => {
    const origin = await createVolume('too much', 16 * MIB, { parameters: {} });
    writeFileSync(join(driver.volumeData(origin), 'large'), Buffer.alloc(24 * MIB));
    const source = from({ volume: { volume_id: origin } });
    await expect(createVolume('too small', 16 * MIB, source)).rejects.toThrow('No space left on device');
    const id = await createVolume('large enough', 32 * MIB, source);
    expect(loopFilesBelow(folder.path)).toHaveLength(1);
    for (const each of [origin, id]) await remove('Volume', each);
    expect(readdirSync(join(folder.path, 'state', 'volumes'))).toEqual([]);
    expect(loopFilesBelow(folder.path)).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(folder.path);
  });
});

async function createVolume(name: string, bytes: number, more: object = {}): Promise<string> {
  const { volume } = await driver.call<{ volume: { volume_id: string } }>('Controller', 'CreateVolume', {
    name,
    capacity_range: { required_bytes: bytes },
    volume_capabilities: MOUNT,
    parameters: { backing: 'loop' },
    ...more,
  });
  return volume.volume_id;
}

function from(source: object): object {
  return { volume_content_source: source };
}

async function remove(kind: 'Volume' | 'Snapshot', id: string): Promise<void> {
  const request = kind === 'Volume' ? { volume_id: id } : { snapshot_id: id };
  await driver.call('Controller', `Delete${kind}`, request);
}

function recordsIn(id: string): string {
  return readFileSync(join(driver.volumeData(id), 'records'), 'utf8');
}

function sizeOf(id: string): number {
  const { blocks, bsize } = statfsSync(driver.volumeData(id));
  return blocks * bsize;
}
