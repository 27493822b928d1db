// What the outside watcher keeps when a watch is interrupted: nobody may be blamed for what nobody saw.
import { beforeEach, describe, expect, it } from 'vitest';
import { WatchedObjects } from '../../tools/judge/watched-objects.ts';

const thing = (uid: string, version: number, namespace = 'shop') => ({
  metadata: { name: uid, namespace, uid, resourceVersion: String(version) },
});

let objects: WatchedObjects;
const seen = () => objects.versionsIn('shop').map(({ at, object, gone }) => [object.metadata.uid, at, gone]);

beforeEach(() => {
  objects = new WatchedObjects('jobs', (namespace) => namespace === 'shop');
  objects.replaceAll([], 1);
});

describe('what is kept of the objects of one kind', () => {
  it('is every version in the namespaces that tests have named, and none of others', () => {
    objects.take(thing('a', 2), false);
    objects.take(thing('a', 3), false);
    objects.take(thing('b', 4, 'elsewhere'), false);
    objects.take(thing('a', 5), true);
    expect(seen()).toEqual([
      ['a', 2, false],
      ['a', 3, false],
      ['a', 5, true],
    ]);
    expect(objects.gaps).toEqual([]);
  });

  it('after an interruption says between which versions nobody looked', () => {
    objects.take(thing('a', 2), false);
    objects.replaceAll([thing('a', 7)], 9);
    expect(objects.gaps).toEqual([{ kind: 'jobs', after: 2, until: 9 }]);
    expect(seen()).toEqual([
      ['a', 2, false],
      ['a', 7, false],
    ]);
  });

  it('lets what vanished unseen end where the interruption began', () => {
    objects.take(thing('a', 2), false);
    objects.take(thing('b', 3), false);
    objects.replaceAll([thing('c', 7)], 9);
    expect(seen()).toEqual([
      ['a', 2, false],
      ['a', 3, true],
      ['b', 3, false],
      ['b', 3, true],
      ['c', 7, false],
    ]);
  });

  it('has caught up with a list once it shows its versions, or later ones, and the end of all others', () => {
    objects.take(thing('a', 2), false);
    objects.take(thing('b', 3), false);
    const shows = (listedAt: number, ...items: ReturnType<typeof thing>[]) =>
      objects.shows('shop', { items, resourceVersion: String(listedAt) });
    expect(shows(3, thing('a', 2), thing('b', 3))).toBe(true);
    expect(shows(4, thing('a', 4), thing('b', 3))).toBe(false);
    expect(shows(4, thing('a', 2))).toBe(false);
    objects.take(thing('b', 4), true);
    expect(shows(4, thing('a', 2))).toBe(true);
    expect(shows(3, thing('a', 2), thing('b', 3))).toBe(true);
    objects.take(thing('c', 5), false);
    expect(shows(4, thing('a', 2))).toBe(true);
    expect(shows(5, thing('a', 2))).toBe(false);
  });

  it('keeps an interruption as short as it was', () => {
    objects.reached(8);
    objects.replaceAll([], 9);
    expect(objects.gaps).toEqual([{ kind: 'jobs', after: 8, until: 9 }]);
  });
});
