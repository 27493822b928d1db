import { describe, expect, it } from 'vitest';
import { KeyedQueue } from '../../kubernetes/keyed-queue.ts';
import { createLog } from '../../telemetry/log.ts';

const log = createLog('test', 'silent');

describe('the queue of keys', () => {
  it('never works on one key twice at the same time, and once more when it changed meanwhile', async () => {
    const { started, next, queue } = aQueue(4);
    queue.add('a');
    const first = await next();
    queue.add('a');
    queue.add('a');
    expect(started).toEqual(['a']);
    first.finish();
    const second = await next();
    second.finish();
    await queue.close();
    expect(started).toEqual(['a', 'a']);
  });

  it('works on different keys side by side, up to its limit', async () => {
    const { started, next, queue } = aQueue(2);
    for (const key of ['a', 'b', 'c']) queue.add(key);
    const [a, b] = [await next(), await next()];
    expect(started).toEqual(['a', 'b']);
    a.finish();
    const c = await next();
    expect(started).toEqual(['a', 'b', 'c']);
    for (const work of [b, c]) work.finish();
    await queue.close();
  });

  it('comes back to a key that failed', async () => {
    const { next, queue } = aQueue(1);
    queue.add('a');
    (await next()).fail();
    const again = await next();
    expect(again.key).toBe('a');
    again.finish();
    await queue.close();
  });

  it('looks again when asked to', async () => {
    const { next, queue } = aQueue(1);
    queue.add('a');
    (await next()).finish(1);
    (await next()).finish();
    await queue.close();
  });

  it('waits for what runs when it closes, and starts nothing more', async () => {
    const { started, next, queue } = aQueue(1);
    queue.add('a');
    queue.add('b');
    const running = await next();
    let closed = false;
    const closing = queue.close().then(() => (closed = true));
    await Promise.resolve();
    expect(closed).toBe(false);
    running.finish(0);
    await closing;
    queue.add('c');
    expect(started).toEqual(['a']);
  });
});

interface Work {
  readonly key: string;
  finish(lookAgainAfterMs?: number): void;
  fail(): void;
}

/** A queue whose work is done when the test says so. */
function aQueue(concurrency: number) {
  const started: string[] = [];
  const begun: Work[] = [];
  let wake = () => {};
  const queue = new KeyedQueue({
    concurrency,
    log,
    work: (key) =>
      new Promise((resolve, reject) => {
        started.push(key);
        begun.push({ key, finish: (afterMs) => resolve(afterMs), fail: () => reject(new Error('failed')) });
        wake();
      }),
  });
  async function next(): Promise<Work> {
    for (;;) {
      const work = begun.shift();
      if (work !== undefined) return work;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return { queue, started, next };
}
