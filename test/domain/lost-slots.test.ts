import { describe, expect, it } from 'vitest';
import { newlyLost } from '../../domain/lost-slots.ts';
import type { LostSlots } from '../../domain/lost-slots.ts';

describe('slots without a sync', () => {
  it.each([
    { title: 'are not news at the first look', before: undefined, now: slots(3, 1), lost: undefined },
    { title: 'are not news twice', before: slots(3, 1), now: slots(3, 1), lost: undefined },
    { title: 'are told by how many they are more', before: slots(3, 1), now: slots(5, 1), lost: slots(2, 0) },
    { title: 'of both kinds are told together', before: slots(0, 0), now: slots(1, 2), lost: slots(1, 2) },
    {
      title: 'of a schedule made anew count from zero',
      before: slots(9, 9),
      now: slots(1, 0),
      lost: slots(1, 0),
    },
  ])('$title', ({ before, now, lost }) => {
    expect(newlyLost(before, now)).toEqual(lost);
  });
});

function slots(skipped: number, missed: number): LostSlots {
  return { skipped, missed };
}
