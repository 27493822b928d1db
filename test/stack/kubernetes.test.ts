import { randomUUID } from 'node:crypto';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { ObjectRef, PersistentVolumeClaim } from '../../api/kubernetes.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { connectCluster } from '../../kubernetes/connect.ts';
import { createTransport } from '../../kubernetes/transport.ts';
import type { Transport } from '../../kubernetes/transport.ts';
import { createLog } from '../../telemetry/log.ts';
import { registry } from '../../telemetry/metrics.ts';

const NAMESPACE = `kubernetes-${randomUUID().slice(0, 8)}`;
// All at once would be more than a busy API server answers within a call's deadline.
const AT_ONCE = 40;
const log = createLog('test', 'error');

let cluster: Cluster;
let transport: Transport; // For what Cluster has no call for.
beforeAll(async () => {
  vi.stubEnv('KUBECONFIG', inject('stack').kubeconfig);
  cluster = await connectCluster({ component: 'worker', log });
  transport = createTransport(() => {
    const config = new KubeConfig();
    config.loadFromDefault();
    return config;
  }, 'cli');
  await cluster.namespaces.create({ metadata: { name: NAMESPACE } });
});
afterAll(async () => {
  await cluster.namespaces.delete({ namespace: '', name: NAMESPACE });
  await Promise.all([cluster.close(), transport.close()]);
  vi.unstubAllEnvs();
});

/** A pvc of a class that nobody provisions: it stays as it is made. */
async function aPvc(name: string): Promise<{ ref: ObjectRef; pvc: PersistentVolumeClaim }> {
  const ref = { namespace: NAMESPACE, name };
  const resources = { requests: { storage: '1Mi' } };
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'nobody', resources };
  return { ref, pvc: await cluster.pvcs.create({ metadata: ref, spec }) };
}

const annotate = (
  annotations: Record<string, string>,
): { metadata: { annotations: Record<string, string> } } => ({
  metadata: { annotations },
});

describe('objects on a real API server', () => {
  it('are undefined when they are not there', async () => {
    expect(await cluster.sources.get({ namespace: NAMESPACE, name: 'nothing' })).toBeUndefined();
    expect(await cluster.storageClasses.get({ namespace: '', name: 'nothing' })).toBeUndefined();
  });

  it('remember what we wrote and when, under our name', async () => {
    const { ref } = await aPvc('managed');
    await cluster.pvcs.patch(ref, annotate({ 'stillpoint.dev/test': 'x' }));
    const managers = (await cluster.pvcs.get(ref))?.metadata.managedFields ?? [];
    const ours = managers.filter(({ manager }) => manager === 'stillpoint-worker');
    expect(ours).toMatchObject([{ time: expect.stringMatching(/^20.*Z$/) }]);
  });

  it('cannot be created twice', async () => {
    await aPvc('twice');
    await expect(aPvc('twice')).rejects.toMatchObject({ reason: 'AlreadyExists' });
  });

  it('refuse what is not valid, and say which field', async () => {
    const { ref } = await aPvc('valid');
    const patch = cluster.pvcs.patch(ref, { spec: { resources: { requests: { storage: '-1' } } } });
    await expect(patch).rejects.toMatchObject({
      reason: 'Invalid',
      fields: expect.arrayContaining(['spec.resources[storage]']),
    });
  });

  it('that are gone are NotFound for a patch, and deleted already for a delete', async () => {
    const ref = { namespace: NAMESPACE, name: 'nothing' };
    await expect(cluster.pvcs.patch(ref, annotate({ a: 'b' }))).rejects.toMatchObject({ reason: 'NotFound' });
    await cluster.pvcs.delete(ref, { uid: randomUUID() });
  });

  it('lose an annotation that is patched to null, and keep the others', async () => {
    const { ref } = await aPvc('annotated');
    await cluster.pvcs.patch(ref, annotate({ keep: 'k', lose: 'l' }));
    const patched = await cluster.pvcs.patch(ref, { metadata: { annotations: { lose: null } } });
    expect(patched.metadata.annotations).toEqual({ keep: 'k' });
  });

  it('are listed whole, however many pages they need', async () => {
    const names = Array.from({ length: 620 }, (_, index) => `page-${String(index).padStart(3, '0')}`);
    for (let first = 0; first < names.length; first += AT_ONCE) {
      const some = names.slice(first, first + AT_ONCE);
      await Promise.all(
        some.map((name) => cluster.secrets.create({ metadata: { namespace: NAMESPACE, name } })),
      );
    }
    const listed = await cluster.secrets.list({ namespace: NAMESPACE });
    expect(listed.map(({ metadata }) => metadata.name)).toEqual(names);
    expect(listed[0]).toMatchObject({ apiVersion: 'v1', kind: 'Secret' });
  });
});

describe('a precondition', () => {
  it.each([
    ['an old resourceVersion', { resourceVersion: true }],
    ['the uid of another object', { uid: true }],
  ])('of %s refuses a patch with Conflict', async (what, wrong) => {
    const { ref, pvc } = await aPvc(`patched-${what.length}`);
    await cluster.pvcs.patch(ref, annotate({ since: 'then' }));
    const { resourceVersion = '' } = pvc.metadata;
    const metadata = {
      ...('uid' in wrong ? { uid: randomUUID() } : { resourceVersion }),
      annotations: { lost: 'update' },
    };
    await expect(cluster.pvcs.patch(ref, { metadata })).rejects.toMatchObject({
      code: 409,
      reason: 'Conflict',
    });
    expect((await cluster.pvcs.get(ref))?.metadata.annotations).toEqual({ since: 'then' });
  });

  it('refuses a patch of a source and of its status alike', async () => {
    const ref = { namespace: NAMESPACE, name: 'orders' };
    await cluster.sources.create({ metadata: ref, spec: { sourcePVC: 'orders', paused: true } });
    const metadata = { uid: randomUUID() };
    const conflict = { reason: 'Conflict' };
    await expect(cluster.sources.patch(ref, { metadata })).rejects.toMatchObject(conflict);
    await expect(cluster.sources.patchStatus(ref, { metadata, status: {} })).rejects.toMatchObject(conflict);
    const stale = { metadata: { resourceVersion: '1' }, status: { lastSyncTime: '2026-01-01T00:00:00Z' } };
    await expect(cluster.sources.patchStatus(ref, stale)).rejects.toMatchObject(conflict);
  });

  it('that holds lets the patch through', async () => {
    const { ref, pvc } = await aPvc('unchanged');
    const { uid = '', resourceVersion = '' } = pvc.metadata;
    const patched = await cluster.pvcs.patch(ref, {
      metadata: { uid, resourceVersion, annotations: { a: 'b' } },
    });
    expect(patched.metadata.annotations).toEqual({ a: 'b' });
  });

  it('keeps a delete from an object that was made anew', async () => {
    const { ref, pvc } = await aPvc('anew');
    const deleted = cluster.pvcs.delete(ref, { uid: randomUUID() });
    await expect(deleted).rejects.toMatchObject({ reason: 'Conflict' });
    expect((await cluster.pvcs.get(ref))?.metadata.uid).toBe(pvc.metadata.uid);
  });
});

describe("a source's status", () => {
  it('is patched without touching its spec, and its spec without touching the status', async () => {
    const ref = { namespace: NAMESPACE, name: 'with-status' };
    const time = '2026-01-01T00:00:00Z';
    await cluster.sources.create({ metadata: ref, spec: { sourcePVC: 'orders', paused: true } });
    await cluster.sources.patchStatus(ref, {
      spec: { sourcePVC: 'changed' },
      status: { lastSyncTime: time },
    });
    await cluster.sources.patch(ref, { spec: { sourcePVC: 'carts' }, status: { lastSyncTime: null } });
    const source = await cluster.sources.get(ref);
    expect(source).toMatchObject({
      spec: { sourcePVC: 'carts', paused: true },
      status: { lastSyncTime: time },
    });
  });
});

describe('a shared watch on a real API server', () => {
  it('shows a change within a second, and asks nothing meanwhile', async () => {
    const { ref } = await aPvc('watched');
    const watch = cluster.pvcs.watch();
    await watch.synced(AbortSignal.timeout(10_000));
    const before = await reads();
    const trigger = watch.waitFor(
      ref,
      (pvc) => pvc?.metadata.annotations?.['trigger'],
      AbortSignal.timeout(20_000),
    );
    await cluster.pvcs.patch(ref, annotate({ trigger: 'trigger-1' }));
    const seen = await Promise.race([trigger, expired(1_000)]);
    expect(seen).toBe('trigger-1');
    expect(await reads()).toEqual(before);
    expect(watch.get(ref)).toMatchObject({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
    expect(watch.get(ref)?.metadata).not.toHaveProperty('managedFields');
  });

  it('shows the end of an object and the one that takes its name', async () => {
    const ref = { namespace: NAMESPACE, name: 'renewed' };
    const watch = cluster.sources.watch();
    await watch.synced(AbortSignal.timeout(10_000));
    // Each uid once: the controller may write into the source as well.
    const heard: (string | undefined)[] = ['none'];
    const stop = watch.subscribe(({ namespace, name }, source) => {
      const uid = source?.metadata.uid;
      if (namespace === NAMESPACE && name === 'renewed' && heard.at(-1) !== uid) heard.push(uid);
    });
    const first = await cluster.sources.create({ metadata: ref, spec: { paused: true } });
    await cluster.sources.delete(ref);
    const second = await cluster.sources.create({ metadata: ref, spec: { paused: true } });
    const { uid } = second.metadata;
    await watch.waitFor(
      ref,
      (source) => source?.metadata.uid === uid || undefined,
      AbortSignal.timeout(10_000),
    );
    stop();
    expect(heard).toEqual(['none', first.metadata.uid, undefined, uid]);
  });

  async function reads(): Promise<string[]> {
    const metrics = await registry.getSingleMetricAsString('stillpoint_kubernetes_requests_total');
    return metrics.split('\n').filter((line) => /verb="(get|list|watch)".*persistentvolumeclaims/.test(line));
  }
});

function expired(milliseconds: number): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, `nothing within ${milliseconds} ms`));
}

describe('an event on a real API server', () => {
  it('is taken, and counted up when it happens again', async () => {
    const { pvc } = await aPvc('eventful');
    const event = {
      regarding: pvc,
      reason: 'CopyTriggerOverdue',
      action: 'Wait',
      note: 'Nobody set a trigger.',
    };
    for (let times = 0; times < 3; times += 1) await cluster.record({ type: 'Warning', ...event });
    const { items } = (await transport.call({
      verb: 'list',
      resource: 'events',
      path: `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`,
      query: { fieldSelector: 'regarding.name=eventful,reason=CopyTriggerOverdue' },
    })) as { items: unknown[] };
    expect(items).toMatchObject([
      {
        note: 'Nobody set a trigger.',
        reportingController: 'stillpoint.dev/worker',
        regarding: { kind: 'PersistentVolumeClaim', uid: pvc.metadata.uid },
        series: { count: 3 },
      },
    ]);
  });
});

describe('the time of a real API server', () => {
  it("is this machine's, where both are one", () => {
    expect(Math.abs(cluster.now() - Date.now())).toBeLessThan(1_000);
  });
});

describe('the log of a real container', () => {
  it('is followed line by line to its end', async () => {
    const pod = { namespace: NAMESPACE, name: 'talker' };
    const script = 'for i in 1 2 3; do echo line $i; sleep 0.3; done; printf end';
    const command = ['/bin/sh', '-c', script];
    const container = { name: 'talker', image: 'localhost/busybox:local', imagePullPolicy: 'Never', command };
    const body = {
      metadata: { ...pod, labels: { 'app.kubernetes.io/created-by': 'volsync' } },
      spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [container] },
    };
    const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
    // Refused until the namespace's ServiceAccount has been made.
    await vi.waitFor(() => transport.call({ verb: 'create', resource: 'pods', path, body }), 30_000);
    const watch = cluster.pods.watch();
    const signal = AbortSignal.timeout(60_000);
    await watch.waitFor(pod, (now) => (now?.status?.phase ?? 'Pending') !== 'Pending' || undefined, signal);
    expect(await allOf(cluster.followLog(pod, 'talker', { signal }))).toEqual([
      'line 1',
      'line 2',
      'line 3',
      'end',
    ]);
  });

  it('of a pod that is not there is NotFound', async () => {
    const lines = cluster.followLog({ namespace: NAMESPACE, name: 'nobody' }, 'restic', {
      signal: AbortSignal.timeout(10_000),
    });
    await expect(allOf(lines)).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

async function allOf(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}
