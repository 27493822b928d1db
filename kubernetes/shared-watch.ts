// One watch of a kind for the whole process: what it saw last, who wants to hear of changes, who waits for
// an object to say something.
import type { KubernetesObject, ObjectRef } from '../api/kubernetes.ts';
import type { Log } from '../telemetry/log.ts';
import type { SharedWatch } from './cluster.ts';
import { orAborted } from './deadline.ts';
import type { Change } from './list-watch.ts';
import { createObjectCache } from './object-cache.ts';
import { keyOf, refOf } from './object-ref.ts';
import { createWaiters } from './waiters.ts';

export interface SharedWatchOptions<T> {
  readonly changes: AsyncIterable<Change<T>>;
  readonly log: Log;
  /** Ends the watch; whoever still waits is told the signal's reason. */
  readonly signal: AbortSignal;
}

export function startSharedWatch<T extends KubernetesObject>(options: SharedWatchOptions<T>): SharedWatch<T> {
  const watch = new CachingWatch<T>(options);
  void watch.run();
  return watch;
}

type Listener<T> = (ref: ObjectRef, object: T | undefined) => void;

class CachingWatch<T extends KubernetesObject> implements SharedWatch<T> {
  readonly #options: SharedWatchOptions<T>;
  readonly #cache = createObjectCache<T>();
  readonly #listeners = new Set<Listener<T>>();
  readonly #waiters = createWaiters<T>();
  readonly #firstList = Promise.withResolvers<void>();
  #synced = false;

  constructor(options: SharedWatchOptions<T>) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { changes, log, signal } = this.#options;
    signal.addEventListener('abort', () => this.#waiters.failAll(signal.reason), { once: true });
    try {
      for await (const change of changes) this.#take(change);
    } catch (error) {
      log.error('watch ended', { error });
    }
  }

  synced(caller?: AbortSignal): Promise<void> {
    const { signal } = this.#options;
    return orAborted(
      this.#firstList.promise,
      caller === undefined ? signal : AbortSignal.any([signal, caller]),
    );
  }

  get(ref: ObjectRef): T | undefined {
    return this.#cache.get(ref);
  }

  list(namespace?: string): readonly T[] {
    return this.#cache.list(namespace);
  }

  async waitFor<R>(
    ref: ObjectRef,
    answer: (object: T | undefined) => R | undefined,
    caller: AbortSignal,
  ): Promise<R> {
    caller.throwIfAborted();
    this.#options.signal.throwIfAborted();
    // Before the first list nobody is asked: that an object is absent would mean nothing.
    const found = this.#synced ? answer(this.get(ref)) : undefined;
    return found !== undefined ? found : this.#waiters.add(ref, answer, caller);
  }

  subscribe(listener: Listener<T>): () => void {
    // A function of its own, so that subscribing twice with one function gives two subscriptions.
    const own: Listener<T> = (ref, object) => listener(ref, object);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  #take(change: Change<T>): void {
    switch (change.type) {
      case 'synced':
        return this.#replaceAll(change.objects);
      case 'applied':
        return this.#apply(change.object);
      case 'deleted':
        return this.#remove(refOf(change.object));
    }
  }

  #replaceAll(objects: readonly T[]): void {
    const present = new Set(objects.map((object) => keyOf(refOf(object))));
    for (const known of this.#cache.list()) {
      if (!present.has(keyOf(refOf(known)))) this.#remove(refOf(known));
    }
    for (const object of objects) this.#apply(object);
    if (this.#synced) return;
    this.#synced = true;
    this.#firstList.resolve();
    this.#waiters.askAll((ref) => this.get(ref));
  }

  #apply(object: T): void {
    const ref = refOf(object);
    const known = this.#cache.get(ref);
    // Deleted and made anew while we did not look: not a change of the old one, but its end.
    if (known !== undefined && known.metadata.uid !== object.metadata.uid) this.#remove(ref);
    this.#cache.set(object);
    this.#tell(ref, object);
  }

  #remove(ref: ObjectRef): void {
    if (this.#cache.get(ref) === undefined) return;
    this.#cache.delete(ref);
    this.#tell(ref, undefined);
  }

  #tell(ref: ObjectRef, object: T | undefined): void {
    for (const listener of this.#listeners) {
      try {
        listener(ref, object);
      } catch (error) {
        this.#options.log.error('watch listener failed', { object: keyOf(ref), error });
      }
    }
    if (this.#synced) this.#waiters.ask(ref, object);
  }
}
