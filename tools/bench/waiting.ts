// What thousands of pvcs cost that wait for their triggers: memory, watches, and whether anybody polls meanwhile.
// These pvcs have no volumes: the row is about waiting. Their controller is paused, and the bench itself says that
// they are bound. The stack is thrown away afterwards.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectRef } from '../../api/kubernetes.ts';
import { pauseService, resumeService } from '../stack/faults.ts';
import { temporalMetrics } from '../stack/services/beside-the-cluster.ts';
import { everyPvc, isWaiting } from './every-pvc.ts';
import { load, warmUp } from './measure.ts';
import { pvcOf, repository, sourceOf } from './objects.ts';
import type { Place } from './place.ts';
import { readRequests, requestsBetween, TEMPORAL_CALLS, totalOf, WATCHES } from './requests.ts';
import type { RequestCounts } from './requests.ts';
import type { Figures } from './rows.ts';
import { stillpoint } from './stillpoint.ts';
import type { Stillpoint } from './stillpoint.ts';
import type { ProgramMemory } from './system.ts';
import { writeAll } from './writes.ts';

const PER_NAMESPACE = 100;
const SETTLE_MS = 30_000;
const MINUTE_MS = 60_000;
/** Temporal's development server begins some ten a second. */
const PATIENCE_FOR_EACH_MS = 400;
const SECRET = 'restic-secret';

export async function measureWaiting(place: Place, count: number): Promise<Figures> {
  const ours = stillpoint(place);
  await ours.start();
  try {
    await warmUp(place, ours);
    const idle = await quietMinute(place, ours);
    await pauseService(place.stack.name, 'kube-controller-manager');
    await makeThemWait(place, count);
    const full = await quietMinute(place, ours);
    place.say(`in the quiet minute: ${shown(full.requests)}; Temporal: ${shown(full.calls)}`);
    return figuresOf(idle, full, count);
  } finally {
    await resumeService(place.stack.name, 'kube-controller-manager');
    await ours.stop();
  }
}

interface Minute {
  readonly memory: readonly ProgramMemory[];
  readonly watches: number;
  readonly requests: RequestCounts;
  readonly calls: RequestCounts;
}

async function quietMinute(place: Place, ours: Stillpoint): Promise<Minute> {
  await sleep(SETTLE_MS);
  const before = { requests: await ours.requests(), calls: await temporalCalls() };
  await sleep(MINUTE_MS);
  const after = { requests: await ours.requests(), calls: await temporalCalls() };
  const memory = ours.memory();
  const watches = (await ours.metrics()).map((text) => totalOf(readRequests(text, WATCHES)));
  for (const { program, mebibytes } of memory)
    place.say(`${program}: ${mebibytes.toFixed(0)} MiB; load ${load()}`);
  return {
    memory,
    watches: watches.reduce((sum, each) => sum + each, 0),
    requests: requestsBetween(before.requests, after.requests),
    calls: requestsBetween(before.calls, after.calls),
  };
}

async function makeThemWait({ cluster, stack, say }: Place, count: number): Promise<void> {
  const pvcs = Array.from({ length: count }, (_, number) => ({
    namespace: `bench-waiting-${Math.floor(number / PER_NAMESPACE)}`,
    name: `data-${number}`,
  }));
  const began = performance.now();
  const passed = () => ((performance.now() - began) / 1000).toFixed(0);
  await writeAll(
    [...new Set(pvcs.map(({ namespace }) => namespace))],
    (name) => cluster.namespaces.create({ metadata: { name } }),
    (name) => cluster.secrets.create(repository(stack, { namespace: name, name: SECRET })),
  );
  const waiting = everyPvc(cluster, pvcs, {
    what: 'waiting',
    fulfilled: isWaiting,
    withinMs: 120_000 + count * PATIENCE_FOR_EACH_MS,
    progress: (there) => say(`${there} of ${count} pvcs wait after ${passed()} s; load ${load()}`),
  });
  const created = writeAll(
    pvcs,
    (pvc) => cluster.pvcs.create(pvcOf(pvc)),
    (pvc) => cluster.pvcs.patchStatus(pvc, { status: { phase: 'Bound' } }),
    (pvc) => cluster.sources.create(sourceOfOne(pvc)),
  );
  await Promise.all([waiting, created]);
  say(`${count} pvcs wait after ${passed()} s`);
}

// Overdue triggers are told once each; here that would be a minute of its own.
function sourceOfOne(pvc: ObjectRef) {
  const annotations = { 'stillpoint.dev/overdue-after': '24h' };
  return sourceOf({ source: pvc, pvc: pvc.name, secret: SECRET, tag: 'first', annotations });
}

function figuresOf(idle: Minute, full: Minute, count: number): Figures {
  const mebibytes = ({ memory }: Minute, program?: string) =>
    memory
      .filter((each) => program === undefined || each.program === program)
      .reduce((sum, each) => sum + each.mebibytes, 0);
  return {
    'waiting-worker': [mebibytes(full, 'worker')],
    'waiting-controller': [mebibytes(full, 'controller')],
    'waiting-each': [((mebibytes(full) - mebibytes(idle)) * 1024) / count],
    'waiting-watches': [full.watches - idle.watches],
    'waiting-requests': [totalOf(full.requests)],
    'waiting-calls': [totalOf(full.calls) - totalOf(idle.calls)],
  };
}

async function temporalCalls(): Promise<RequestCounts> {
  const page = await fetch(`http://${temporalMetrics.host}:${temporalMetrics.port}/metrics`);
  return readRequests(await page.text(), TEMPORAL_CALLS);
}

function shown(counts: RequestCounts): string {
  return [...counts].map(([key, count]) => `${key} ${count}`).join(', ') || 'none';
}
