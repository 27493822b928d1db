// Every version of the objects of one kind, in the namespaces that are to be judged.
import type { KubernetesObject, Secret } from '../../api/kubernetes.ts';
import type { Listing } from '../../kubernetes/list.ts';
import type { Gap, OutsideRecord, RecordedKind, Version } from './scenario-record.ts';

export type WatchedKind = RecordedKind | 'secrets';

/** Whether what happens in a namespace is to be kept. */
export type IsRecorded = (namespace: string) => boolean;

/** Everything seen of one kind. */
export class WatchedObjects {
  readonly kind: WatchedKind;
  readonly gaps: Gap[] = [];
  readonly #isRecorded: IsRecorded;
  readonly #namespaces = new Map<string, Map<string, Version[]>>();
  readonly #synced = Promise.withResolvers<void>();
  #lastAt: number | undefined;

  constructor(kind: WatchedKind, isRecorded: IsRecorded) {
    this.kind = kind;
    this.#isRecorded = isRecorded;
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  take(object: KubernetesObject, gone: boolean): void {
    const at = versionOf(object);
    this.reached(at);
    this.#add(object, at, gone);
  }

  /** Nothing else has happened until this version. */
  reached(at: number): void {
    this.#lastAt = Math.max(this.#lastAt ?? 0, at);
  }

  /** A whole list, after the start or after an interruption for too long: who is missing has gone unseen. */
  replaceAll(objects: readonly KubernetesObject[], listedAt: number): void {
    const lastAt = this.#lastAt;
    if (lastAt !== undefined && this.kind !== 'secrets')
      this.gaps.push({ kind: this.kind, after: lastAt, until: listedAt });
    const present = new Set(objects.map(({ metadata }) => metadata.uid));
    // At the beginning of the gap: nothing may be blamed on something that has perhaps long gone.
    for (const latest of this.#latest())
      if (!present.has(latest.object.metadata.uid)) this.#add(latest.object, lastAt ?? listedAt, true);
    for (const object of objects) this.#add(object, versionOf(object), false);
    this.reached(listedAt);
    this.#synced.resolve();
  }

  /** Whether all is recorded that had happened when this list was made. */
  shows(namespace: string, { items, resourceVersion }: Listing<KubernetesObject>): boolean {
    const lives = this.#lives(namespace);
    const seen = items.every((object) => {
      const latest = lives.get(object.metadata.uid ?? '')?.at(-1);
      return latest !== undefined && (latest.gone || latest.at >= versionOf(object));
    });
    const listed = new Set(items.map(({ metadata }) => metadata.uid));
    const before = this.#latest(namespace).filter(({ at }) => at <= Number(resourceVersion));
    return seen && before.every(({ object }) => listed.has(object.metadata.uid));
  }

  /** The namespace has been judged for the last time. */
  forget(namespace: string): void {
    this.#namespaces.delete(namespace);
  }

  versionsIn(namespace: string): readonly Version[] {
    return [...this.#lives(namespace).values()].flat();
  }

  secretsIn(namespace: string): OutsideRecord['secrets'] {
    return this.versionsIn(namespace).flatMap(({ object }) =>
      Object.entries((object as Secret).data ?? {}).map(([key, value]) => ({
        name: `Secret ${object.metadata.name}, key ${key}`,
        value: Buffer.from(value, 'base64').toString(),
      })),
    );
  }

  #add(object: KubernetesObject, at: number, gone: boolean): void {
    const namespace = namespaceOf(this.kind, object);
    if (!this.#isRecorded(namespace)) return;
    const { uid = '' } = object.metadata;
    const life = this.#lives(namespace).get(uid) ?? [];
    const latest = life.at(-1);
    if (gone ? latest === undefined : latest !== undefined && latest.at >= at) return;
    life.push({ kind: this.kind as RecordedKind, at, seenAt: Date.now(), object, gone });
    this.#lives(namespace).set(uid, life);
  }

  #latest(namespace?: string): readonly Version[] {
    const all = namespace === undefined ? [...this.#namespaces.values()] : [this.#lives(namespace)];
    const latest = all.flatMap((lives) => [...lives.values()].map((life) => life.at(-1)));
    return latest.filter((version) => version !== undefined).filter(({ gone }) => !gone);
  }

  #lives(namespace: string): Map<string, Version[]> {
    const lives = this.#namespaces.get(namespace) ?? new Map<string, Version[]>();
    if (this.#isRecorded(namespace)) this.#namespaces.set(namespace, lives);
    return lives;
  }
}

function versionOf({ metadata }: KubernetesObject): number {
  return Number(metadata.resourceVersion);
}

export function namespaceOf(kind: WatchedKind, { metadata }: KubernetesObject): string {
  return kind === 'namespaces' ? metadata.name : (metadata.namespace ?? '');
}
