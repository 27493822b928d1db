// Many writes to the API server of a machine that is as busy as it can be.
import { isAlreadyExists, isTransient } from '../../kubernetes/kubernetes-error.ts';

type Write<T> = (one: T) => Promise<unknown>;

/** As many at a time as there are connections: none waits so long for one that its deadline passes. */
const AT_A_TIME = 16;
const ATTEMPTS = 5;

/** Does this for each of them, one write after the other, and resolves with the moment at which the last is answered. */
export async function writeAll<T>(all: readonly T[], ...writes: readonly Write<T>[]): Promise<number> {
  const left = all.values();
  const inTurn = async () => {
    for (const one of left) for (const write of writes) await patiently(() => write(one));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, inTurn));
  return performance.now();
}

// What got no answer may have been done: then a second creation finds the object.
async function patiently(write: () => Promise<unknown>, attempt = 1): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (isAlreadyExists(error)) return;
    if (!isTransient(error) || attempt === ATTEMPTS) throw error;
    await patiently(write, attempt + 1);
  }
}
