// What a pvc may name, and what the worker there may say.
import { describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { isQuiesceQueue, quiesceTimes, readQuiesceQueue, readQuiesced } from '../../domain/quiesce-queue.ts';

const read = (taskQueue: string) => readQuiesceQueue({ [A.quiesceTaskQueue]: taskQueue }, 'shop');

describe('a task queue to quiesce through', () => {
  it('is none where the pvc names none', () => {
    expect(readQuiesceQueue({}, 'shop')).toEqual({ kind: 'none' });
  });

  it.each(['quiesce/shop/orders', 'quiesce/shop/orders/primary', 'quiesce/shop/v1.2_a-b'])(
    'may be %s',
    (name) => {
      expect(read(name)).toEqual({ kind: 'named', taskQueue: name });
    },
  );

  it.each([
    '',
    'stillpoint',
    'stillpoint-movers',
    'orders',
    'quiesce/orders',
    'quiesce/shop',
    'quiesce/shop/',
    'quiesce/shop//orders',
    'quiesce/shop/ orders',
    'quiesce/shop/orders\n',
    'quiesce/shopping/orders',
    'quiesce/kube-system/orders',
    'Quiesce/shop/orders',
    `quiesce/shop/${'o'.repeat(300)}`,
  ])('may not be %j', (name) => {
    expect(read(name)).toEqual({ kind: 'invalid', taskQueue: name });
  });

  it('is told from a person by its name', () => {
    expect(['quiesce/shop/orders', 'ada', undefined].map(isQuiesceQueue)).toEqual([true, false, false]);
  });
});

describe('what the owner’s worker returns', () => {
  const at = (second: number) => Date.parse('2026-07-02T10:00:00Z') + second * 1_000;
  const call = { taskQueue: 'quiesce/shop/orders', calledAt: at(0), returnedAt: at(5), releaseBy: at(60) };
  const said = (answer: unknown) => readQuiesced(answer as Record<string, string>, call);

  it.each([undefined, null, {}, 'ok', 7, { quiescedAt: 'soon', releaseBy: 4 }])(
    'may be %j: the application stands still since the return, until it was told to go on',
    (answer) => {
      expect(said(answer)).toMatchObject({
        by: 'quiesce/shop/orders',
        since: at(5),
        standsStillUntil: at(60),
      });
    },
  );

  it('may say since when, within the call', () => {
    expect(said({ quiescedAt: '2026-07-02T10:00:03Z' }).since).toBe(at(3));
    expect(said({ quiescedAt: '2026-07-02T09:00:00Z' }).since).toBe(at(0));
    expect(said({ quiescedAt: '2026-07-02T11:00:00Z' }).since).toBe(at(5));
  });

  it('may say that it lets go earlier, but never later', () => {
    expect(said({ releaseBy: '2026-07-02T10:00:30Z' }).standsStillUntil).toBe(at(30));
    expect(said({ releaseBy: '2026-07-02T10:30:00Z' }).standsStillUntil).toBe(at(60));
  });
});

describe('a freeze bound', () => {
  it('leaves half of itself to the copy, and notices soon that nobody is there', () => {
    expect(quiesceTimes(600_000)).toEqual({ pickUpMs: 30_000, answerMs: 300_000 });
    expect(quiesceTimes(8_000)).toEqual({ pickUpMs: 2_000, answerMs: 4_000 });
  });
});
