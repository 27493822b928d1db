import { beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject, ObjectRef } from '../../api/kubernetes.ts';
import type { SharedWatch } from '../../kubernetes/cluster.ts';
import type { Change } from '../../kubernetes/list-watch.ts';
import { startSharedWatch } from '../../kubernetes/shared-watch.ts';
import { createLog } from '../../telemetry/log.ts';
import { anObject } from './api-server.ts';

const ORDERS: ObjectRef = { namespace: 'shop', name: 'orders' };
const NEVER = new AbortController().signal;

let feed: ChangeFeed;
let closing: AbortController;
let logged: string[];
let watch: SharedWatch<KubernetesObject>;
let heard: string[];
beforeEach(() => {
  feed = createFeed();
  closing = new AbortController();
  logged = [];
  heard = [];
  const log = createLog('test', 'info', { write: (line) => void logged.push(line) });
  watch = startSharedWatch({ changes: feed.changes(), log, signal: closing.signal });
  watch.subscribe(({ name }, object) => heard.push(`${name} ${object?.metadata.resourceVersion ?? 'gone'}`));
});

interface ChangeFeed {
  /** Resolves when the watch has taken the change in. */
  give(change: Change<KubernetesObject>): Promise<void>;
  changes(): AsyncIterable<Change<KubernetesObject>>;
}

function createFeed(): ChangeFeed {
  let given = Promise.withResolvers<Change<KubernetesObject>>();
  let taken = Promise.withResolvers<void>();
  return {
    async give(change) {
      taken = Promise.withResolvers();
      given.resolve(change);
      await taken.promise;
    },
    async *changes() {
      for (;;) {
        const change = await given.promise;
        given = Promise.withResolvers();
        yield change;
        taken.resolve();
      }
    },
  };
}

const synced = (...objects: KubernetesObject[]): Change<KubernetesObject> => ({ type: 'synced', objects });
const applied = (object: KubernetesObject): Change<KubernetesObject> => ({ type: 'applied', object });
const deleted = (object: KubernetesObject): Change<KubernetesObject> => ({ type: 'deleted', object });
const version = (object: KubernetesObject | undefined): string | undefined =>
  object?.metadata.resourceVersion;

describe('a shared watch', () => {
  it('is synced with the first list, and then knows its objects', async () => {
    await feed.give(synced(anObject('orders', '1'), anObject('carts', '2')));
    await watch.synced();
    expect(version(watch.get(ORDERS))).toBe('1');
    expect(watch.list('shop').map(version)).toEqual(['1', '2']);
    expect(watch.list().length).toBe(2);
    expect(watch.list('elsewhere')).toEqual([]);
  });

  it('keeps the latest state of each object', async () => {
    await feed.give(synced(anObject('orders', '1')));
    await feed.give(applied(anObject('orders', '2')));
    expect(version(watch.get(ORDERS))).toBe('2');
    await feed.give(deleted(anObject('orders', '3')));
    expect(watch.get(ORDERS)).toBeUndefined();
    expect(watch.list()).toEqual([]);
  });

  it('tells listeners of every object at every list, and of each change between', async () => {
    await feed.give(synced(anObject('orders', '1'), anObject('carts', '2')));
    await feed.give(applied(anObject('orders', '3')));
    await feed.give(synced(anObject('orders', '3')));
    expect(heard).toEqual(['orders 1', 'carts 2', 'orders 3', 'carts gone', 'orders 3']);
  });

  it.each([
    ['a list', (object: KubernetesObject) => synced(object)],
    ['a change', (object: KubernetesObject) => applied(object)],
  ])('tells of the end of an object that was deleted and made anew before %s', async (_, seen) => {
    await feed.give(synced(anObject('orders', '1', 'first')));
    await feed.give(seen(anObject('orders', '9', 'second')));
    expect(heard).toEqual(['orders 1', 'orders gone', 'orders 9']);
  });

  it('stops telling who unsubscribed', async () => {
    const also: string[] = [];
    const stop = watch.subscribe(({ name }) => also.push(name));
    await feed.give(synced(anObject('orders', '1')));
    stop();
    await feed.give(applied(anObject('orders', '2')));
    expect(also).toEqual(['orders']);
  });

  it('survives a listener that throws, and logs it', async () => {
    watch.subscribe(() => {
      throw new Error('a bug of the listener');
    });
    const after: string[] = [];
    watch.subscribe(({ name }) => after.push(name));
    await feed.give(synced(anObject('orders', '1')));
    expect(after).toEqual(['orders']);
    expect(logged.join()).toContain('a bug of the listener');
  });
});

describe('waiting for an object', () => {
  it('is answered at once by what is known', async () => {
    await feed.give(synced(anObject('orders', '7')));
    expect(await watch.waitFor(ORDERS, version, NEVER)).toBe('7');
  });

  it('takes no absence for an answer before the first list', async () => {
    const asked: (string | undefined)[] = [];
    const gone = watch.waitFor(
      ORDERS,
      (object) => (asked.push(version(object)), object === undefined ? 'gone' : undefined),
      NEVER,
    );
    await feed.give(synced(anObject('orders', '1')));
    expect(asked).toEqual(['1']);
    await feed.give(deleted(anObject('orders', '2')));
    expect(await gone).toBe('gone');
  });

  it('of which there is none is answered by the first list', async () => {
    const gone = watch.waitFor(ORDERS, (object) => object === undefined, NEVER);
    await feed.give(synced());
    expect(await gone).toBe(true);
  });

  it('is answered by the change that it waits for, and asked only about its object', async () => {
    await feed.give(synced(anObject('orders', '1')));
    const asked: (string | undefined)[] = [];
    const ready = watch.waitFor(
      ORDERS,
      (object) => (asked.push(version(object)), version(object) === '4' ? 'ready' : undefined),
      NEVER,
    );
    await feed.give(applied(anObject('carts', '2')));
    await feed.give(applied(anObject('orders', '3')));
    await feed.give(applied(anObject('orders', '4')));
    await feed.give(applied(anObject('orders', '5')));
    expect(await ready).toBe('ready');
    expect(asked).toEqual(['1', '3', '4']);
  });

  it('sees the end of an object that was made anew', async () => {
    await feed.give(synced(anObject('orders', '1', 'first')));
    const gone = watch.waitFor(
      ORDERS,
      (object) => (object?.metadata.uid === 'first' ? undefined : 'ended'),
      NEVER,
    );
    await feed.give(applied(anObject('orders', '2', 'second')));
    expect(await gone).toBe('ended');
  });

  it('takes null and false for answers', async () => {
    await feed.give(synced());
    expect(await watch.waitFor(ORDERS, () => null, NEVER)).toBeNull();
    expect(await watch.waitFor(ORDERS, () => false, NEVER)).toBe(false);
  });

  it("fails with the question's own error", async () => {
    await feed.give(synced(anObject('orders', '1')));
    const failing = watch.waitFor(
      ORDERS,
      (object) => {
        if (version(object) === '2') throw new Error('the snapshot has failed for good');
        return undefined;
      },
      NEVER,
    );
    const failure = expect(failing).rejects.toThrow('the snapshot has failed for good');
    await feed.give(applied(anObject('orders', '2')));
    await failure;
  });

  it("ends with its caller's reason", async () => {
    const caller = new AbortController();
    const waiting = watch.waitFor(ORDERS, version, caller.signal);
    caller.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
  });

  it('ends when the cluster is closed, for those who wait and those who come late', async () => {
    const waiting = watch.waitFor(ORDERS, version, NEVER);
    const list = watch.synced();
    closing.abort(new Error('closed'));
    await expect(waiting).rejects.toThrow('closed');
    await expect(list).rejects.toThrow('closed');
    await expect(watch.waitFor(ORDERS, version, NEVER)).rejects.toThrow('closed');
  });
});
