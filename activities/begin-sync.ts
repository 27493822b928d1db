// begin: read the source and all it names, refuse what cannot work, then ask the application (docs/protocol.md).
import { randomUUID } from 'node:crypto';
import type { KubernetesObject, PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { ReplicationSource } from '../api/replication-source.ts';
import type { Gate, SourceRef, SyncPlan } from '../api/sync.ts';
import { acceptable, readWindowState } from '../domain/copy-window.ts';
import type { WindowDecision } from '../domain/copy-window.ts';
import { wholeSeconds } from '../domain/time.ts';
import { ANNOTATIONS, freshTrigger, readCopyTrigger } from '../domain/copy-trigger.ts';
import { events } from '../domain/events.ts';
import { failures } from '../domain/failures.ts';
import { likenessOf } from '../domain/copy.ts';
import { planSource } from '../domain/plan.ts';
import type { SourcePlan } from '../domain/plan.ts';
import { syncStarted } from '../domain/sync-status.ts';
import { isSupported, moverOf, optionsOf } from '../movers/index.ts';
import type { Resource } from '../kubernetes/cluster.ts';
import { attended, currentRun, refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { leaveWindows } from './leave-windows.ts';
import { patchSourceStatus, readSource, supportedMover } from './source.ts';
import { after } from './watching.ts';
import { applyWindowEvent, viewOf } from './window.ts';

/** Validates, opens or joins the window, and returns the plan of this run; `earlierStart` when it begins anew in mid-wait. */
export async function beginSync(
  context: SyncContext,
  ref: SourceRef,
  earlierStart?: string,
): Promise<SyncPlan> {
  const startTime = earlierStart ?? wholeSeconds(context.cluster.now());
  return attended(async ({ signal }) => {
    const { cluster, settings } = context;
    const source = await readSource(cluster, ref, signal);
    const decided = planSource(source, settings.limits);
    if ('refusal' in decided) throw refusal(decided.refusal);
    const { plan } = decided;
    const secretKeys = await readSecretKeys(context, source, plan);
    await requireClasses(context, source, plan);
    const pvc = await readPvc(context, ref, plan);
    const privileged = await allowsPrivileged(context, ref.namespace);
    // Before the question: nothing comes between it and the wait for its answer.
    if (source.status?.lastSyncStartTime !== startTime)
      await patchSourceStatus(cluster, source, syncStarted(source, startTime));
    if (earlierStart !== undefined) await leaveFormerWindows({ context, ref, source, plan, pvc, signal });
    const gate = await openGate({ context, ref, source, plan, pvc, signal });
    return {
      source: ref,
      generation: source.metadata.generation ?? 0,
      pvc: { name: plan.pvcName, uid: pvc.metadata.uid ?? '', like: likenessOf(pvc) },
      mover: plan.mover,
      copyMethod: plan.copyMethod,
      gate,
      startTime,
      limits: plan.limits,
      spec: source.spec ?? {},
      secretKeys,
      privileged,
    };
  });
}

interface Asking {
  readonly context: SyncContext;
  readonly ref: SourceRef;
  readonly source: ReplicationSource;
  readonly plan: SourcePlan;
  readonly pvc: PersistentVolumeClaim;
  readonly signal: AbortSignal;
}

// Rows 1 to 3 of the window's table; waits while another sync's copy is being taken, or an answer is still young.
async function openGate(asking: Asking): Promise<Gate> {
  const { context, ref, plan, signal } = asking;
  const { cluster, settings } = context;
  const { run } = currentRun();
  if (plan.copyMethod === 'Direct') return { kind: 'open' };
  const pvcRef = { namespace: ref.namespace, name: plan.pvcName };
  const windowId = randomUUID();
  for (;;) {
    const { decision, pvc } = await applyWindowEvent(
      { cluster, pvc: pvcRef, signal, from: 'live' },
      { kind: 'begin', run, windowId, answerVisibleMs: settings.answerVisibleMs },
    );
    if (pvc === undefined) throw refusal(failures.pvcMissing(`${ref.namespace}/${plan.pvcName}`));
    if (readCopyTrigger(pvc.metadata.annotations ?? {}).kind === 'unused') return leaveUnasked(asking);
    if (decision.do !== 'wait') return gateBy(asking, pvc, { decision, windowId });
    await nextChange(asking, pvc, decision.until);
  }
}

async function gateBy(
  asking: Asking,
  pvc: PersistentVolumeClaim,
  { decision, windowId }: { decision: WindowDecision; windowId: string },
): Promise<Gate> {
  const trigger = freshTrigger(pvc.metadata.annotations ?? {});
  if (decision.do === 'nothing' && decision.because === 'triggered' && trigger !== undefined)
    return { kind: 'triggered', windowId, trigger };
  if (decision.do === 'patch') announce(asking);
  return askedGate(asking, pvc);
}

function askedGate({ context }: Asking, pvc: PersistentVolumeClaim): Gate {
  const view = viewOf(pvc);
  const current = readWindowState(view);
  const waitingSince = view.annotations[ANNOTATIONS.waitingSince] ?? wholeSeconds(context.cluster.now());
  const triggered = current.state === 'frozen' || acceptable(view, context.cluster.now());
  return { kind: 'asked', windowId: current.window?.id ?? '', waitingSince, triggered };
}

// The source was edited in mid-wait: what it asked before may not be what it copies now (row 9).
async function leaveFormerWindows({ context, ref, plan, signal }: Asking): Promise<void> {
  const except = plan.copyMethod === 'Direct' ? undefined : plan.pvcName;
  const failure = failures.askedNoLonger(`${ref.namespace}/${ref.name}`);
  const { run } = currentRun();
  await leaveWindows(context.cluster, { namespace: ref.namespace, run, failure, except, signal });
}

// The pvc never opted in, or its owner opted out in mid-wait (row 9): the copy is taken without asking.
async function leaveUnasked({ context, ref, plan, signal }: Asking): Promise<Gate> {
  const pvc = { namespace: ref.namespace, name: plan.pvcName };
  const failure = failures.optedOut(`${pvc.namespace}/${pvc.name}`);
  await applyWindowEvent(
    { cluster: context.cluster, pvc, signal, from: 'live' },
    { kind: 'leave', run: currentRun().run, failure },
  );
  return { kind: 'open' };
}

// Not waited for: the owner may answer at once.
function announce({ context, source, plan, pvc }: Asking): void {
  void context.cluster.record({
    regarding: source,
    related: pvc,
    ...events.waitingForTrigger(plan.pvcName),
  });
}

async function nextChange(
  { context, signal, ref, plan }: Asking,
  seen: PersistentVolumeClaim,
  until?: number,
) {
  const { cluster } = context;
  const due = until === undefined ? 60_000 : until - cluster.now();
  const either = AbortSignal.any([signal, after(due)]);
  const changed = cluster.pvcs
    .watch()
    .waitFor(
      { namespace: ref.namespace, name: plan.pvcName },
      (pvc) => (pvc?.metadata.resourceVersion === seen.metadata.resourceVersion ? undefined : true),
      either,
    );
  await changed.catch(() => signal.throwIfAborted()); // Time has come: decide again.
}

async function readPvc(
  { cluster }: SyncContext,
  ref: SourceRef,
  plan: SourcePlan,
): Promise<PersistentVolumeClaim> {
  const key = { namespace: ref.namespace, name: plan.pvcName };
  const name = `${key.namespace}/${key.name}`;
  const watched = cluster.pvcs.watch().get(key);
  const pvc = watched?.status?.phase === 'Bound' ? watched : await cluster.pvcs.get(key);
  if (pvc === undefined || pvc.metadata.deletionTimestamp !== undefined)
    throw refusal(failures.pvcMissing(name));
  if (pvc.status?.phase !== 'Bound') throw refusal(failures.pvcNotBound(name));
  return pvc;
}

async function readSecretKeys(
  { cluster }: SyncContext,
  source: ReplicationSource,
  plan: SourcePlan,
): Promise<readonly string[]> {
  const { namespace = '', name } = source.metadata;
  if (!isSupported(plan.mover))
    throw refusal(
      failures.sourceInvalid(
        `${namespace}/${name}`,
        `the mover ${plan.mover} is not supported by this version`,
      ),
    );
  const needed = moverOf(plan.mover).secret(optionsOf(source.spec ?? {}, plan.mover));
  if (needed.name === '')
    throw refusal(
      failures.sourceInvalid(`${namespace}/${name}`, `spec.${plan.mover}.repository must name a Secret`),
    );
  const secret = await cluster.secrets.get({ namespace, name: needed.name });
  if (secret === undefined) throw refusal(failures.secretMissing(`${namespace}/${needed.name}`));
  const keys = Object.keys(secret.data ?? {});
  const missing = needed.keys.filter((key) => (secret.data?.[key] ?? '') === '');
  if (missing.length > 0) throw refusal(failures.secretIncomplete(`${namespace}/${needed.name}`, missing));
  return keys;
}

async function requireClasses(
  { cluster }: SyncContext,
  { spec = {} }: ReplicationSource,
  { mover, volumeOptions }: SourcePlan,
): Promise<void> {
  const { storageClassName, volumeSnapshotClassName } = volumeOptions;
  const name = supportedMover(mover);
  const cacheClassName = moverOf(name).cache?.(optionsOf(spec, name)).storageClassName;
  for (const wanted of new Set([storageClassName, cacheClassName]))
    if (wanted !== undefined && !(await exists(cluster.storageClasses, wanted)))
      throw refusal(failures.classMissing('StorageClass', wanted));
  if (
    volumeSnapshotClassName !== undefined &&
    !(await exists(cluster.volumeSnapshotClasses, volumeSnapshotClassName))
  )
    throw refusal(failures.classMissing('VolumeSnapshotClass', volumeSnapshotClassName));
}

async function exists<T extends KubernetesObject>(resource: Resource<T>, name: string): Promise<boolean> {
  return (await resource.get({ namespace: '', name })) !== undefined;
}

async function allowsPrivileged({ cluster }: SyncContext, namespace: string): Promise<boolean> {
  const key = { namespace: '', name: namespace };
  const found = cluster.namespaces.watch().get(key) ?? (await cluster.namespaces.get(key));
  return found?.metadata.annotations?.['volsync.backube/privileged-movers']?.toLowerCase() === 'true';
}
