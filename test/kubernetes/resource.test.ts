import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { createCluster } from '../../kubernetes/connect.ts';
import { createTransport } from '../../kubernetes/transport.ts';
import { createLog } from '../../telemetry/log.ts';
import { anObject, startApiServer } from './api-server.ts';
import type { ApiServer } from './api-server.ts';

const ORDERS = { namespace: 'shop', name: 'orders' };

let server: ApiServer;
let cluster: Cluster;
beforeEach(async () => {
  server = await startApiServer();
  const transport = createTransport(() => server.config(), 'worker');
  cluster = createCluster({ transport, component: 'worker', log: createLog('test', 'silent') });
});
afterEach(async () => {
  await cluster.close();
  await server.stop();
});

describe('one kind of object', () => {
  it('is read live, managedFields included', async () => {
    const read = cluster.pvcs.get(ORDERS);
    const request = await server.next();
    expect(request.path).toBe('/api/v1/namespaces/shop/persistentvolumeclaims/orders');
    request.json(anObject('orders', '1'));
    expect((await read)?.metadata.managedFields).toHaveLength(1);
  });

  it('that is not there reads as undefined', async () => {
    const read = cluster.sources.get(ORDERS);
    const request = await server.next();
    expect(request.path).toBe('/apis/volsync.backube/v1alpha1/namespaces/shop/replicationsources/orders');
    request.refuse(404, 'NotFound');
    expect(await read).toBeUndefined();
  });

  it('without namespaces is read by its name alone', async () => {
    const read = cluster.storageClasses.get({ namespace: '', name: 'fast' });
    const request = await server.next();
    expect(request.path).toBe('/apis/storage.k8s.io/v1/storageclasses/fast');
    request.refuse(404, 'NotFound');
    await read;
  });

  it('is listed over all pages, each item with its type', async () => {
    const list = cluster.jobs.list({ namespace: 'shop', labelSelector: 'app=mover' });
    const first = await server.next();
    expect(first.path).toBe('/apis/batch/v1/namespaces/shop/jobs');
    expect(first.query).toEqual({ limit: '500', labelSelector: 'app=mover' });
    first.json({ metadata: { continue: 'more' }, items: [anObject('a', '1')] });
    const second = await server.next();
    expect(second.query['continue']).toBe('more');
    second.json({ metadata: {}, items: [anObject('b', '2')] });
    expect((await list).map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name])).toEqual([
      ['batch/v1', 'Job', 'a'],
      ['batch/v1', 'Job', 'b'],
    ]);
  });

  it('is listed from the start again when its pages have expired', async () => {
    const list = cluster.jobs.list({});
    (await server.next()).json({ metadata: { continue: 'more' }, items: [anObject('a', '1')] });
    (await server.next()).refuse(410, 'Expired');
    const again = await server.next();
    expect(again.query).toEqual({ limit: '500' });
    again.json({ metadata: {}, items: [anObject('b', '2')] });
    expect((await list).map(({ metadata }) => metadata.name)).toEqual(['b']);
  });

  it('is created under our field manager', async () => {
    const created = cluster.volumeSnapshots.create({ metadata: ORDERS, spec: { source: {} } });
    const request = await server.next();
    expect(request).toMatchObject({
      method: 'POST',
      path: '/apis/snapshot.storage.k8s.io/v1/namespaces/shop/volumesnapshots',
      query: { fieldManager: 'stillpoint-worker' },
      body: { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: ORDERS },
    });
    request.refuse(409, 'AlreadyExists');
    await expect(created).rejects.toMatchObject({ reason: 'AlreadyExists' });
  });

  it('is patched by merge, with the preconditions of the read', async () => {
    const metadata = { uid: 'u', resourceVersion: '1', annotations: { a: null } };
    const patched = cluster.pvcs.patch(ORDERS, { metadata });
    const request = await server.next();
    expect(request).toMatchObject({
      method: 'PATCH',
      query: { fieldManager: 'stillpoint-worker' },
      body: { metadata },
    });
    expect(request.headers['content-type']).toBe('application/merge-patch+json');
    request.refuse(409, 'Conflict');
    await expect(patched).rejects.toMatchObject({ reason: 'Conflict' });
  });

  it('says Conflict when the object has another uid, which the API server calls Invalid', async () => {
    const patched = cluster.pvcs.patch(ORDERS, { metadata: { uid: 'u' } });
    (await server.next()).refuse(422, 'Invalid', { causes: [{ field: 'metadata.uid' }] });
    await expect(patched).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
  });

  it('stays Invalid when something else is', async () => {
    const patched = cluster.pvcs.patch(ORDERS, { spec: {} });
    (await server.next()).refuse(422, 'Invalid', { causes: [{ field: 'spec' }] });
    await expect(patched).rejects.toMatchObject({ code: 422, reason: 'Invalid' });
  });

  it('has its status patched apart', async () => {
    const patched = cluster.sources.patchStatus(ORDERS, { status: { lastSyncTime: 'now' } });
    const request = await server.next();
    expect(request.path).toMatch(/\/replicationsources\/orders\/status$/);
    request.json({ metadata: ORDERS });
    expect(await patched).toEqual({ metadata: ORDERS });
  });

  it('has no status written that belongs to another uid, though the API server would let it pass', async () => {
    const patched = cluster.sources.patchStatus(ORDERS, { metadata: { uid: 'old' }, status: {} });
    const read = await server.next();
    expect(read.method).toBe('GET');
    read.json(anObject('orders', '1', 'new'));
    await expect(patched).rejects.toMatchObject({ reason: 'Conflict' });
  });

  it('has its status patched for its uid even when others write at the same time', async () => {
    const patched = cluster.sources.patchStatus(ORDERS, { metadata: { uid: 'u' }, status: { a: 1 } });
    (await server.next()).json(anObject('orders', '1', 'u'));
    (await server.next()).refuse(409, 'Conflict');
    (await server.next()).json(anObject('orders', '2', 'u'));
    const request = await server.next();
    expect(request.body).toEqual({ metadata: { uid: 'u', resourceVersion: '2' }, status: { a: 1 } });
    request.json(anObject('orders', '3', 'u'));
    expect((await patched).metadata.resourceVersion).toBe('3');
  });

  it('that is gone has no status to patch', async () => {
    const patched = cluster.sources.patchStatus(ORDERS, { metadata: { uid: 'u' }, status: {} });
    (await server.next()).refuse(404, 'NotFound');
    await expect(patched).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('is deleted in the background, and once gone stays gone', async () => {
    const deleted = cluster.jobs.delete(ORDERS, { uid: 'u' });
    const request = await server.next();
    expect(request).toMatchObject({
      method: 'DELETE',
      body: { propagationPolicy: 'Background', preconditions: { uid: 'u' } },
    });
    request.refuse(404, 'NotFound');
    await deleted;
  });

  it('is watched once, however many ask', async () => {
    expect(cluster.pods.watch()).toBe(cluster.pods.watch());
    expect((await server.next()).query).toMatchObject({
      labelSelector: 'app.kubernetes.io/created-by=volsync',
    });
  });
});

describe("a container's log", () => {
  const follow = (): AsyncIterator<string> =>
    cluster
      .followLog(ORDERS, 'restic', { signal: new AbortController().signal, tailLines: 5 })
      [Symbol.asyncIterator]();

  it('comes line by line until it ends', async () => {
    const lines = follow();
    const first = lines.next();
    const request = await server.next();
    expect(request).toMatchObject({
      path: '/api/v1/namespaces/shop/pods/orders/log',
      query: { follow: 'true', container: 'restic', tailLines: '5' },
    });
    const stream = request.stream();
    stream.write('{"percent":1}\n{"perc');
    expect(await first).toEqual({ done: false, value: '{"percent":1}' });
    stream.write('ent":2}\nlast');
    stream.end();
    expect((await lines.next()).value).toBe('{"percent":2}');
    expect((await lines.next()).value).toBe('last');
    expect((await lines.next()).done).toBe(true);
  });

  it('cuts lines over 64 KiB and goes on with the next', async () => {
    const lines = follow();
    const first = lines.next();
    const stream = (await server.next()).stream();
    stream.write(`${'x'.repeat(1_000_000)}\nnext\n`);
    stream.end();
    expect(String((await first).value).length).toBe(65_536);
    expect((await lines.next()).value).toBe('next');
  });

  it('ends without an error when the connection breaks', async () => {
    const lines = follow();
    const first = lines.next();
    const stream = (await server.next()).stream();
    stream.write('one\n');
    await first;
    const second = lines.next();
    stream.reset();
    expect((await second).done).toBe(true);
  });

  it('of a pod that is not there is NotFound', async () => {
    const first = follow().next();
    (await server.next()).refuse(404, 'NotFound');
    await expect(first).rejects.toMatchObject({ reason: 'NotFound' });
  });
});
