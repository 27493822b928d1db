// Orders of events that a real storage does not show at will, against images of our own making at our own seam, `Cluster`.
// That superseded images go is test/stack/destination.test.ts.
import { describe, expect, it } from 'vitest';
import type { VolumeSnapshot } from '../../api/kubernetes.ts';
import { ReplicationDestination } from '../../api/replication-destination.ts';
import { removeImagesOfRun, removeSupersededImages } from '../../activities/destination-images.ts';
import { imageOf } from '../../domain/destination-volume.ts';
import { ownerOf } from '../../domain/ownership.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';

const RUNS = ['09', '10', '11'].map((hour) => `destination/shop/restore-2026-07-02T${hour}:00:00Z`);
const { signal } = new AbortController();

describe('images that are not the latest one', () => {
  it('go, on condition that they are as they were read', async () => {
    const world = new FakeImages(RUNS);
    await world.removeSuperseded(RUNS[2]);
    expect(world.did).toEqual([`delete ${world.nameOf(RUNS[0])} 1`, `delete ${world.nameOf(RUNS[1])} 1`]);
  });

  it('stay when somebody has begun to use them meanwhile, and are let go of', async () => {
    const world = new FakeImages(RUNS.slice(1));
    world.populateAtTheNextDelete = true;
    await world.removeSuperseded(RUNS[2]);
    expect(world.did).toEqual([`delete ${world.nameOf(RUNS[1])} 1`, `let go of ${world.nameOf(RUNS[1])} 2`]);
  });

  it('stay for the next sync when they change each time', async () => {
    const world = new FakeImages(RUNS.slice(1));
    world.alwaysChanges = true;
    await world.removeSuperseded(RUNS[2]);
    expect(world.did).toHaveLength(3);
  });

  it('go with the sync that was terminated, those of others do not', async () => {
    const world = new FakeImages(RUNS);
    await world.removeOfRun(RUNS[1], RUNS[0]);
    expect(world.did).toEqual([`delete ${world.nameOf(RUNS[1])} 1`]);
  });

  it('are not that of a terminated sync whose image has become the latest one', async () => {
    const world = new FakeImages(RUNS);
    await world.removeOfRun(RUNS[1], RUNS[1]);
    expect(world.did).toEqual([]);
  });
});

class FakeImages {
  readonly did: string[] = [];
  populateAtTheNextDelete = false;
  alwaysChanges = false;
  #images: VolumeSnapshot[];

  constructor(runs: readonly string[]) {
    this.#images = runs.map((run) => this.#image(run));
  }

  async removeSuperseded(latest = ''): Promise<void> {
    await removeSupersededImages(this.#cluster(latest), this.#destination(latest), signal);
  }

  async removeOfRun(run = '', latest = ''): Promise<void> {
    await removeImagesOfRun(this.#cluster(latest), { run, signal });
  }

  nameOf(run = ''): string {
    return this.#image(run).metadata.name;
  }

  #cluster(latest: string): Cluster {
    return {
      destinations: { get: async () => this.#destination(latest) },
      volumeSnapshots: {
        list: async () => this.#images,
        delete: async (...asked: Parameters<Cluster['volumeSnapshots']['delete']>) => this.#delete(...asked),
        patch: async (
          { name }: { name: string },
          { metadata }: { metadata: { resourceVersion: string } },
        ) => {
          this.did.push(`let go of ${name} ${metadata.resourceVersion}`);
        },
      },
    } as unknown as Cluster;
  }

  #delete(...[{ name }, preconditions = {}]: Parameters<Cluster['volumeSnapshots']['delete']>): void {
    this.did.push(`delete ${name} ${preconditions.resourceVersion}`);
    if (!this.populateAtTheNextDelete && !this.alwaysChanges) return;
    const prime = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'prime', uid: 'prime' };
    const owners = this.populateAtTheNextDelete ? [prime] : [];
    this.populateAtTheNextDelete = false;
    this.#images = this.#images.map((image) =>
      image.metadata.name === name ? changed(image, owners) : image,
    );
    throw new KubernetesError({ code: 409, reason: 'Conflict', message: 'it has changed' });
  }

  #image(run: string): VolumeSnapshot {
    const time = Date.parse('2026-07-02T12:00:00Z');
    const image = imageOf({ destination: ownerOf(this.#destination()), run, pvcName: 'data', time });
    return { ...image, metadata: { ...image.metadata, uid: `uid of ${run}`, resourceVersion: '1' } };
  }

  #destination(latest?: string): ReplicationDestination {
    return ReplicationDestination.parse({
      kind: 'ReplicationDestination',
      metadata: { namespace: 'shop', name: 'restore', uid: 'uid-of-restore' },
      ...(latest !== undefined && {
        status: { latestImage: { kind: 'VolumeSnapshot', name: this.nameOf(latest) } },
      }),
    });
  }
}

function changed(
  image: VolumeSnapshot,
  owners: NonNullable<VolumeSnapshot['metadata']['ownerReferences']>,
): VolumeSnapshot {
  const { resourceVersion, ownerReferences = [] } = image.metadata;
  const next = String(Number(resourceVersion) + 1);
  return {
    ...image,
    metadata: { ...image.metadata, resourceVersion: next, ownerReferences: [...ownerReferences, ...owners] },
  };
}
