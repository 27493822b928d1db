// Records written by hand: one sync, step by step, as an outside watcher would have seen it. A test leaves a step
// out, repeats one or changes it, and the invariants must notice.
import type { KubernetesObject, ManagedFields } from '../../api/kubernetes.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import type { AnnotationPatch } from '../../domain/copy-trigger.ts';
import { runAnnotations, runLabels, LABELS } from '../../domain/names.ts';
import { asOwner, ownedBy } from '../../domain/ownership.ts';
import type {
  Gap,
  OutsideRecord,
  RecordedKind,
  RunSeen,
  Version,
} from '../../tools/judge/scenario-record.ts';

export const RUN = 'source/shop/orders-2026-01-01T00:00:00Z';
export const OTHER_RUN = 'source/shop/other-2026-01-01T00:00:00Z';
const SOURCE = { namespace: 'shop', name: 'orders', uid: 'uid-of-orders' };
const PVC_UID = 'uid-of-data';
const OPENED_AT = Date.parse('2026-01-01T00:00:00Z');

type Written = KubernetesObject | { readonly metadata: object; readonly [field: string]: unknown };
type Who = 'stillpoint-worker' | 'kubectl';

export class SyncStory {
  readonly versions: Version[] = [];
  readonly gaps: Gap[] = [];
  readonly secrets: { name: string; value: string }[] = [];
  readonly logs: { program: string; line: string }[] = [];
  readonly exemptions: { invariant: number; object: string; because: string }[] = [];
  runs: RunSeen[] = [{ workflowId: RUN, startedAt: OPENED_AT, history: '' }];
  #at = 100;
  #annotations: Record<string, string> = {};
  #owners: Record<string, { who: Who; time: string }> = {};

  get record(): OutsideRecord {
    const { versions, gaps, runs, secrets, logs, exemptions } = this;
    return { namespace: 'shop', versions, gaps, runs, secrets, logs, exemptions };
  }

  get at(): number {
    return this.#at;
  }

  /** Every version is written a second after the one before. */
  timeOf(at: number): string {
    return new Date(OPENED_AT + at * 1_000).toISOString().replace('.000Z', 'Z');
  }

  write(kind: RecordedKind, object: Written, gone = false): this {
    this.#at += 1;
    const seenAt = Date.parse(this.timeOf(this.#at)) + 10;
    const metadata = { name: 'thing', namespace: 'shop', uid: `uid-of-${kind}`, ...object.metadata };
    this.versions.push({
      kind,
      at: this.#at,
      seenAt,
      object: { ...object, metadata } as KubernetesObject,
      gone,
    });
    return this;
  }

  /** Versions of this kind between now and the next one are missing. */
  interrupted(kind: RecordedKind): this {
    this.gaps.push({ kind, after: this.#at, until: this.#at + 1 });
    this.#at += 1;
    return this;
  }

  annotate(patch: AnnotationPatch, who: Who = 'stillpoint-worker', uid = PVC_UID): this {
    for (const [key, value] of Object.entries(patch)) {
      if (value === null) delete this.#annotations[key];
      else this.#annotations[key] = value;
      delete this.#owners[key];
      if (value !== null) this.#owners[key] = { who, time: this.timeOf(this.#at + 1) };
    }
    const metadata = { name: 'data', uid, annotations: { ...this.#annotations } };
    return this.write('pvcs', { metadata: { ...metadata, managedFields: this.#managedFields() } });
  }

  opted(): this {
    return this.annotate({ [A.useCopyTrigger]: '' }, 'kubectl');
  }

  trigger(value = 't1'): this {
    return this.annotate({ [A.copyTrigger]: value }, 'kubectl');
  }

  window(fields: object, rest: AnnotationPatch = {}): this {
    const window = { id: 'w1', pvc: PVC_UID, runs: [RUN], ...fields };
    return this.annotate({ ...rest, [A.copyWindow]: JSON.stringify(window) });
  }

  asked(fields: object = {}): this {
    return this.window(fields, { [A.latestCopyStatus]: 'WaitingForTrigger' });
  }

  accepted(fields: object = {}, releaseBy = this.timeOf(this.#at + 600)): this {
    const status = { [A.latestCopyStatus]: 'InProgress', [A.releaseBy]: releaseBy };
    return this.window({ trigger: 't1', ...fields }, status);
  }

  answered(fields: object = {}, latest = 't1'): this {
    const status = { [A.latestCopyStatus]: 'Completed', [A.latestCopyTrigger]: latest };
    return this.window({ trigger: 't1', result: 'Completed', ...fields }, { ...status, [A.releaseBy]: null });
  }

  copy(labels: object = {}, status: object = {}, run = RUN): this {
    return this.write('volumeSnapshots', {
      metadata: this.#ofRun('copy', run, { [LABELS.copyWindow]: 'w1', ...labels }),
      spec: { source: { persistentVolumeClaimName: 'data' } },
      status,
    });
  }

  cut(labels: object = {}): this {
    return this.copy(labels, { creationTime: this.timeOf(this.#at) });
  }

  restored(labels: object = {}): this {
    return this.write('pvcs', {
      metadata: {
        ...this.#ofRun('copy', RUN, { [LABELS.copyWindow]: 'w1', ...labels }),
        uid: 'uid-of-restored',
      },
      spec: { dataSource: { kind: 'VolumeSnapshot', name: 'copy' } },
    });
  }

  job(status: object = {}, more: { gone?: boolean; run?: string } = {}): this {
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'copy' } }];
    return this.write(
      'jobs',
      {
        metadata: this.#ofRun('mover', more.run ?? RUN),
        spec: { template: { spec: { volumes } } },
        status,
      },
      more.gone,
    );
  }

  mover(state: object, { name = 'mover-1', gone = false, labels = {} } = {}): this {
    const { annotations: _, ...metadata } = this.#ofRun(name, RUN, { 'job-name': 'mover', ...labels });
    const status = { containerStatuses: [{ name: 'restic', state }] };
    return this.write('pods', { metadata: { ...metadata, uid: `uid-of-${name}` }, status }, gone);
  }

  moved(exitCode = 0): this {
    return this.mover({ running: {} }).mover({ terminated: { exitCode } });
  }

  status(status: object): this {
    return this.write('sources', { metadata: { ...SOURCE }, status });
  }

  reported(status: object = {}): this {
    const lastCopy = { trigger: 't1', freeze: '1s' };
    return this.status({ lastSyncTime: this.timeOf(this.#at), lastCopy, ...status });
  }

  removed(): this {
    const { object } = this.versions.find(({ kind }) => kind === 'volumeSnapshots') ?? {};
    if (object !== undefined) this.write('volumeSnapshots', object, true);
    const pvc = this.versions.find(({ object: found }) => found.metadata.uid === 'uid-of-restored')?.object;
    if (pvc !== undefined) this.write('pvcs', pvc, true);
    return this.mover({}, { gone: true }).job({}, { gone: true });
  }

  closed(status = 'COMPLETED', at = Date.parse(this.timeOf(this.#at))): this {
    this.runs = this.runs.map((run) => ({ ...run, closed: { at, status } }));
    return this;
  }

  namespaceGoes(after = 1): this {
    this.#at += after;
    const deletionTimestamp = this.timeOf(this.#at);
    return this.write('namespaces', { metadata: { name: 'shop', deletionTimestamp } });
  }

  #ofRun(name: string, run: string, labels: object = {}) {
    const owner = ownedBy(asOwner(SOURCE));
    return {
      name,
      uid: `uid-of-${name}-${run}`,
      labels: { ...runLabels(SOURCE, run), ...labels },
      annotations: runAnnotations(run),
      ownerReferences: [owner],
    };
  }

  #managedFields(): readonly ManagedFields[] {
    const managers = new Set(Object.values(this.#owners).map(({ who }) => who));
    return [...managers].map((manager) => {
      const own = Object.entries(this.#owners).filter(([, { who }]) => who === manager);
      const fields = Object.fromEntries(own.map(([key]) => [`f:${key}`, {}]));
      const time =
        own
          .map(([, owner]) => owner.time)
          .toSorted()
          .at(-1) ?? '';
      return { manager, time, fieldsV1: { 'f:metadata': { 'f:annotations': fields } } };
    });
  }
}

/** A sync from the question to the report, with nothing to complain about. */
export function aWholeSync(): SyncStory {
  return aFrozenSync().copy().cut().answered().restored().job().moved().reported().removed().closed();
}

export function aFrozenSync(): SyncStory {
  return anAskedSync().trigger().accepted();
}

export function anAskedSync(): SyncStory {
  return new SyncStory().status({}).opted().asked();
}
