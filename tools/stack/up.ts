// `up`: everything that is missing is made or started; what is there stays as it is.
import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { stillpointImages } from '../images.ts';
import { apiServerAt } from './api-server.ts';
import { makeCertificates } from './certificates.ts';
import { makeCgroups } from './cgroups.ts';
import { startCluster } from './cluster.ts';
import { writeConfiguration } from './configuration/write.ts';
import { endEverything } from './down.ts';
import { foldersOf, layoutOf, type Layout } from './layout.ts';
import { withLock } from './lock.ts';
import { networkExists, networkUp } from './network.ts';
import { requireRoot } from './prerequisites.ts';
import { familyOf, processesOf } from './processes.ts';
import { answers, isHealthy, until } from './readiness.ts';
import { objectStore, relay, temporal } from './services/beside-the-cluster.ts';
import { ensureService } from './services/ensure.ts';
import { healthPages } from './services/health-pages.ts';
import { run, type Say } from './shell.ts';
import { describe, settle, type Stack } from './stack.ts';
import { toolchain, type Toolchain } from './toolchain.ts';

/** Starts the stack, or what of it does not run, and returns when all of it is ready. */
export async function stackUp(name: string, say: Say): Promise<Stack> {
  const layout = layoutOf(name);
  requireRoot();
  const tools = await toolchain(say);
  const images = await stillpointImages(say);
  const onWait = () => say(`waiting for another process that works on the stack ${name}`);
  return withLock({ path: `${layout.state}.lock`, onWait }, async () => {
    const settled = await settle(layout);
    const stack = describe(layout, settled);
    await prepare(layout, tools, settled.ports.apiServer);
    await ensureService(layout, relay(layout, tools, settled));
    await ensureService(layout, temporal(layout, tools));
    await ensureService(layout, objectStore(layout, tools, settled));
    const api = apiServerAt(layout, settled.ports.apiServer);
    await Promise.all([
      startCluster({ layout, tools, api, images, say }),
      temporalReady(layout, tools, stack).then(() => say('Temporal ready')),
      objectStoreReady(layout).then(() => say('object store ready')),
    ]);
    return stack;
  });
}

async function prepare(layout: Layout, tools: Toolchain, apiServerPort: number): Promise<void> {
  // Processes without the namespace are in one that has lost its name: nothing new could reach them.
  if (!networkExists(layout) && processesOf(layout).length > 0) await endEverything(layout);
  if (!familyOf('kube-apiserver', processesOf(layout)).loop)
    rmSync(layout.apiServerWasReady, { force: true });
  for (const folder of foldersOf(layout)) mkdirSync(folder, { recursive: true });
  for (const program of tools.programs) link(tools.pathOf(program), join(layout.bin, program));
  makeCgroups(layout);
  await Promise.all([networkUp(layout, tools.environment), makeCertificates(layout, tools.environment)]);
  writeConfiguration(layout, tools.cniFolder, apiServerPort);
}

function link(target: string, path: string): void {
  try {
    if (readlinkSync(path) === target) return;
    rmSync(path);
  } catch {
    // There is none yet.
  }
  symlinkSync(target, path);
}

function temporalReady(layout: Layout, tools: Toolchain, stack: Stack): Promise<true> {
  const asked = ['operator', 'cluster', 'health', '--address', stack.temporalAddress];
  const environment = { ...tools.environment, HOME: layout.state };
  return until({ what: 'Temporal', log: join(layout.logs, 'temporal.log') }, async () => {
    await run(tools.pathOf('temporal'), asked, { environment });
    return isHealthy(layout, healthPages.temporalUi);
  });
}

function objectStoreReady(layout: Layout): Promise<true> {
  return until(
    { what: 'the object store', log: join(layout.logs, 'object-store.log') },
    async () =>
      (await answers(layout, healthPages.objectStore)) &&
      (await answers(layout, healthPages.secureObjectStore)),
  );
}
