import { describe, expect, it } from 'vitest';
import { judge } from '../stack/database-ledger.ts';

const freeze = { quiescedAt: 100, letGoAt: 200 };

describe('the judge of a database’s copy', () => {
  it('is content with exactly what was committed before the freeze', () => {
    const entries = [
      { id: 1, askedAt: 80, acknowledgedAt: 90 },
      { id: 2, askedAt: 95, acknowledgedAt: 205 }, // It waited.
    ];
    expect(judge(new Set([1]), entries, freeze)).toEqual([]);
  });

  it.each([
    [
      'a loss',
      [],
      { id: 1, askedAt: 80, acknowledgedAt: 90 },
      'acknowledged before the freeze and is missing',
    ],
    [
      'a copy of what came later',
      [1],
      { id: 1, askedAt: 150, acknowledgedAt: 205 },
      'acknowledged after the release',
    ],
    [
      'a commit during the freeze',
      [],
      { id: 1, askedAt: 120, acknowledgedAt: 130 },
      'committed during the freeze',
    ],
  ])('notices %s', (...[, held, entry, what]) => {
    expect(judge(new Set(held), [entry], freeze).join()).toContain(what);
  });
});
