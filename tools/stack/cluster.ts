// Kubernetes, started in the order in which one part needs another; every step does nothing where it is done.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '../images.ts';
import type { ApiServer } from './api-server.ts';
import { applyDefinitions, ourDefinitions } from './definitions.ts';
import { importImages } from './image-import.ts';
import { nodeName, type Layout } from './layout.ts';
import { isHealthy, until, type Wait } from './readiness.ts';
import { nameServer, serviceProxy, sidecars, snapshotController } from './services/cluster-services.ts';
import { apiServer, controllerManager, etcd, scheduler } from './services/control-plane.ts';
import { ensureNodeServices, ensureService } from './services/ensure.ts';
import { healthPages } from './services/health-pages.ts';
import { node } from './services/node.ts';
import { driverAndStorageClasses, snapshotClasses, type Manifest } from './storage-objects.ts';
import type { Say } from './shell.ts';
import type { Toolchain } from './toolchain.ts';

export interface ClusterStart {
  readonly layout: Layout;
  readonly tools: Toolchain;
  readonly api: ApiServer;
  readonly images: readonly Image[];
  readonly say: Say;
}

export async function startCluster(start: ClusterStart): Promise<void> {
  await startStorageOfState(start);
  await startControlPlane(start);
  await startServices(start);
  await Promise.all([nodeReady(start), imagesReady(start), servicesReady(start)]);
}

async function startStorageOfState({ layout, tools, api, say }: ClusterStart): Promise<void> {
  await ensureService(layout, etcd(layout, tools));
  await ensureService(layout, node(layout, tools));
  await until(waitFor(layout, 'etcd'), () => isHealthy(layout, healthPages.etcd));
  await ensureService(layout, apiServer(layout, tools));
  await until(waitFor(layout, 'kube-apiserver'), () => api.isReady());
  writeFileSync(layout.apiServerWasReady, '');
  say('API server ready');
}

async function startControlPlane({ layout, tools, api }: ClusterStart): Promise<void> {
  await ensureService(layout, controllerManager(layout, tools));
  await ensureService(layout, scheduler(layout, tools));
  await ensureService(layout, serviceProxy(layout, tools));
  await ensureService(layout, nameServer(layout, tools));
  await until(waitFor(layout, 'kube-apiserver', 'The API of definitions'), async () => {
    await applyDefinitions(api, tools.snapshotDefinitions);
    await applyDefinitions(api, ourDefinitions);
    return true;
  });
}

async function startServices({ layout, tools, api, say }: ClusterStart): Promise<void> {
  await applyAll(api, driverAndStorageClasses);
  const snapshotApi = '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses';
  await until(waitFor(layout, 'kube-apiserver', 'The API of VolumeSnapshots'), () => api.get(snapshotApi));
  await ensureService(layout, snapshotController(layout, tools));
  await applyAll(api, snapshotClasses);
  for (const sidecar of sidecars(layout, tools)) await ensureService(layout, sidecar);
  say('storage and snapshot classes ready');
}

async function applyAll(api: ApiServer, manifests: readonly Manifest[]): Promise<void> {
  for (const { path, object } of manifests) await api.apply(path, object);
}

// A node that went away still reads Ready for a while: kubelet's own page is asked first.
async function nodeReady({ layout, api, say }: ClusterStart): Promise<void> {
  await ensureNodeServices(layout);
  await until(waitFor(layout, 'kubelet'), () => isHealthy(layout, healthPages.kubelet));
  await until(waitFor(layout, 'kubelet', 'The node'), async () =>
    saysReady(await api.get(`/api/v1/nodes/${nodeName}`)),
  );
  await until(waitFor(layout, 'csi-driver', "The CSI driver's registration"), async () =>
    hasDriver(await api.get(`/apis/storage.k8s.io/v1/csinodes/${nodeName}`)),
  );
  say('node ready, CSI driver registered');
}

async function imagesReady({ layout, tools, images, say }: ClusterStart): Promise<void> {
  await until(waitFor(layout, 'containerd', 'The import of images'), async () => {
    await importImages(layout, tools, images);
    return true;
  });
  say(`${images.length} images imported`);
}

async function servicesReady({ layout, api, say }: ClusterStart): Promise<void> {
  const defaultAccount = '/api/v1/namespaces/default/serviceaccounts/default';
  await until(waitFor(layout, 'kube-controller-manager'), () => api.get(defaultAccount));
  await until(waitFor(layout, 'kube-scheduler'), () => isHealthy(layout, healthPages.scheduler));
  await until(waitFor(layout, 'kube-proxy'), () => isHealthy(layout, healthPages.serviceProxy));
  await until(waitFor(layout, 'coredns'), () => isHealthy(layout, healthPages.nameServer));
  say('controllers, services and DNS ready');
}

function waitFor(layout: Layout, service: string, what = service): Wait {
  return { what, log: join(layout.logs, `${service}.log`) };
}

function saysReady(found: unknown): boolean {
  const conditions = (found as { status?: { conditions?: { type: string; status: string }[] } })?.status
    ?.conditions;
  return conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

function hasDriver(found: unknown): boolean {
  const drivers = (found as { spec?: { drivers?: unknown[] } })?.spec?.drivers;
  return (drivers?.length ?? 0) > 0;
}
