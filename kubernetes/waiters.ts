import type { ObjectRef } from '../api/kubernetes.ts';
import { keyOf } from './object-ref.ts';

/** Those who wait for an object to say something, by the object's name: a change asks only its own. */
export interface Waiters<T> {
  add<R>(ref: ObjectRef, answer: (object: T | undefined) => R | undefined, signal: AbortSignal): Promise<R>;
  /** Asks all who wait for this object. */
  ask(ref: ObjectRef, object: T | undefined): void;
  askAll(read: (ref: ObjectRef) => T | undefined): void;
  failAll(reason: unknown): void;
}

interface Waiter<T> {
  readonly ref: ObjectRef;
  /** Settles the promise when the object has the answer, or when the question throws. */
  ask(object: T | undefined): void;
  fail(reason: unknown): void;
}

export function createWaiters<T>(): Waiters<T> {
  const waiting = new Map<string, Set<Waiter<T>>>();

  const remove = (waiter: Waiter<T>): void => {
    const key = keyOf(waiter.ref);
    const others = waiting.get(key);
    others?.delete(waiter);
    if (others?.size === 0) waiting.delete(key);
  };
  const insert = (waiter: Waiter<T>): void => {
    const key = keyOf(waiter.ref);
    const others = waiting.get(key) ?? new Set();
    waiting.set(key, others.add(waiter));
  };
  const all = (): Waiter<T>[] => [...waiting.values()].flatMap((waiters) => [...waiters]);

  return {
    add<R>(
      ref: ObjectRef,
      answer: (object: T | undefined) => R | undefined,
      signal: AbortSignal,
    ): Promise<R> {
      return new Promise<R>((resolve, reject) => {
        const settle = (finish: () => void): void => {
          remove(waiter);
          signal.removeEventListener('abort', giveUp);
          finish();
        };
        const fail = (reason: unknown): void => settle(() => reject(reason));
        const giveUp = (): void => fail(signal.reason);
        const waiter: Waiter<T> = {
          ref,
          fail,
          ask(object) {
            try {
              const found = answer(object);
              if (found !== undefined) settle(() => resolve(found));
            } catch (error) {
              fail(error);
            }
          },
        };
        insert(waiter);
        signal.addEventListener('abort', giveUp, { once: true });
        if (signal.aborted) giveUp();
      });
    },
    ask(ref, object) {
      for (const waiter of waiting.get(keyOf(ref)) ?? []) waiter.ask(object);
    },
    askAll(read) {
      for (const waiter of all()) waiter.ask(read(waiter.ref));
    },
    failAll(reason) {
      for (const waiter of all()) waiter.fail(reason);
    },
  };
}
