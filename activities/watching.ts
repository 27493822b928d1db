// Waits for what the shared watches show, without requests and without polling.
import type { KubernetesObject } from '../api/kubernetes.ts';
import type { SharedWatch } from '../kubernetes/cluster.ts';

type Watched = Pick<SharedWatch<KubernetesObject>, 'subscribe' | 'synced'>;

/** Looks now and after each change of any of the watches; resolves with the first answer that is not undefined. */
export async function until<R>(
  watches: readonly Watched[],
  look: () => R | undefined,
  signal: AbortSignal,
): Promise<R> {
  await Promise.all(watches.map((watch) => watch.synced(signal)));
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<R>();
  const lookAgain = () => {
    const answer = look();
    if (answer !== undefined) resolve(answer);
  };
  const abort = () => reject(signal.reason as Error);
  const stops = watches.map((watch) => watch.subscribe(lookAgain));
  signal.addEventListener('abort', abort, { once: true });
  try {
    lookAgain();
    return await promise;
  } finally {
    for (const stop of stops) stop();
    signal.removeEventListener('abort', abort);
  }
}

/** A signal that is aborted after so many milliseconds, at once when they are negative. */
export function after(milliseconds: number): AbortSignal {
  return AbortSignal.timeout(Math.max(0, Math.floor(milliseconds)));
}
