// One application under fire: a namespace with a pvc that opted in, its owner, and its sources, whose syncs follow each
// other by manual tags until it is retired.
import { randomBytes } from 'node:crypto';
import type { ObjectRef, PersistentVolumeClaim } from '../../api/kubernetes.ts';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { LABELS } from '../../domain/names.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { chance } from '../matrix/chance.ts';
import type { ObjectStore } from '../stack/stack.ts';
import { created, KINDS, persist, pvcOf, sourceObjects } from './objects.ts';
import type { Kind } from './objects.ts';
import { Owner } from './owner.ts';
import { phaseOf } from './phases.ts';
import type { Phase } from './phases.ts';

export interface Field {
  readonly cluster: Cluster;
  readonly objectStore: ObjectStore;
  readonly seed: string;
}

const PATIENCE_MS = 120_000;
/** So long a tag may go unheard before the next one is set. */
const UNHEARD_MS = 30_000;

export class Application {
  readonly namespace = `kills-${randomBytes(4).toString('hex')}`;
  readonly pvc: ObjectRef = { namespace: this.namespace, name: 'data-pvc' };
  readonly owner: Owner;
  readonly #field: Field;
  readonly #kind: Kind;
  readonly #retired = new AbortController();
  readonly #sources: readonly ObjectRef[];
  #driving: Promise<unknown> = Promise.resolve();

  constructor(field: Field, number: number) {
    this.#field = field;
    this.#kind = KINDS[number % KINDS.length] ?? { copies: [] };
    this.#sources = this.#kind.copies.map((_, index) => ({
      namespace: this.namespace,
      name: `source-${index + 1}`,
    }));
    const draw = chance(`${field.seed}/owner ${number}`);
    this.owner = new Owner({ cluster: field.cluster, pvc: this.pvc, draw });
  }

  /** Resolves when its syncs have begun to follow each other. */
  async install(): Promise<void> {
    const { namespaces, pvcs } = this.#field.cluster;
    await created(() => namespaces.create({ metadata: { name: this.namespace } }));
    await created(() => pvcs.create(pvcOf(this.pvc)));
    const isBound = () => (pvcs.watch().get(this.pvc)?.status?.phase === 'Bound' ? true : undefined);
    await until([pvcs.watch()], isBound, AbortSignal.timeout(PATIENCE_MS));
    await Promise.all(this.#sources.map((source, index) => this.#createSource(source, index)));
    this.#driving = Promise.all(this.#sources.map((source) => this.#drive(source)));
  }

  phase(): Phase {
    const { pvcs, volumeSnapshots, jobs, pods } = this.#field.cluster;
    const snapshots = volumeSnapshots.watch().list(this.namespace);
    const clones = pvcs.watch().list(this.namespace).filter(isClone);
    return phaseOf({
      status: pvcs.watch().get(this.pvc)?.metadata.annotations?.[A.latestCopyStatus],
      cuts: [
        ...snapshots.map(({ status }) => status?.creationTime !== undefined),
        ...clones.map(({ status }) => status?.phase === 'Bound'),
      ],
      jobs: jobs.watch().list(this.namespace).length,
      moverPods: pods.watch().list(this.namespace),
    });
  }

  /** No further sync is asked for, and none that has failed is started again; the last one is done to its end. */
  async retire(): Promise<void> {
    this.#retired.abort();
    await this.#driving;
    const { sources } = this.#field.cluster;
    await Promise.all(
      this.#sources.map((source) => persist(() => sources.patch(source, { spec: { paused: true } }))),
    );
  }

  async remove(): Promise<void> {
    this.owner.close();
    await persist(() => this.#field.cluster.namespaces.delete({ namespace: '', name: this.namespace }));
  }

  async #createSource(source: ObjectRef, index: number): Promise<void> {
    const { cluster, objectStore } = this.#field;
    const { secret, source: object } = sourceObjects(source, { objectStore, copy: this.#kind.copies[index] });
    await created(() => cluster.secrets.create(secret));
    await created(() => cluster.sources.create(object));
  }

  // One tag after the other, whatever comes of each.
  async #drive(source: ObjectRef): Promise<void> {
    for (let number = 1; ; number += 1) {
      const tag = `tag-${number}`;
      if (number > 1)
        await persist(() =>
          this.#field.cluster.sources.patch(source, { spec: { trigger: { manual: tag } } }),
        );
      await this.#ended(source, tag);
      if (this.#retired.signal.aborted) return;
    }
  }

  /** Resolves when the tag's sync has ended, or when it has not been heard of for long. */
  async #ended(source: ObjectRef, tag: string): Promise<void> {
    const watch = this.#field.cluster.sources.watch();
    let started = false;
    const unheard = AbortSignal.timeout(UNHEARD_MS);
    const ended = () => {
      const { lastManualSync, lastSyncStartTime } = watch.get(source)?.status ?? {};
      const running = lastSyncStartTime !== undefined;
      started ||= running;
      return (!running && (started || lastManualSync === tag)) || undefined;
    };
    await until([watch], ended, unheard).catch(async () => {
      if (started) await until([watch], ended, AbortSignal.timeout(PATIENCE_MS)).catch(() => undefined);
    });
  }
}

function isClone({ metadata, spec }: PersistentVolumeClaim): boolean {
  return metadata.labels?.[LABELS.run] !== undefined && spec?.dataSource?.kind === 'PersistentVolumeClaim';
}
