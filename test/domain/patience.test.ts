// How long an overdue trigger is waited for.
import { describe, expect, it } from 'vitest';
import type { SyncLimits } from '../../api/sync.ts';
import { patienceWith } from '../../domain/patience.ts';

const FOR_EVER = { overdueAfterMs: 10 } as SyncLimits;
const BY_RUNS = { ...FOR_EVER, continueAfterMs: 1_000 };

describe('a trigger that is overdue', () => {
  it('is waited for without limit, in runs of a sensible length', () => {
    expect(patienceWith(FOR_EVER, 10)).toEqual({ next: 'silence' });
    expect(patienceWith(BY_RUNS, 10)).toEqual({ forMs: 1_000, next: 'silence' });
  });

  it.each(['skip', 'fail', 'copy'] as const)(
    'is given up at once when the policy is to %s',
    (overduePolicy) => {
      expect(patienceWith({ ...BY_RUNS, overduePolicy }, 10)).toEqual({ forMs: 0, next: 'tooLate' });
    },
  );

  it.each([undefined, 'skip', 'copy'] as const)(
    'is given up at the deadline of the wait, policy %s',
    (policy) => {
      const limits = { ...BY_RUNS, waitDeadlineMs: 500, ...(policy && { overduePolicy: policy }) };
      expect(patienceWith(limits, 100)).toEqual({ forMs: 400, next: 'tooLate' });
      expect(patienceWith(limits, 600)).toEqual({ forMs: 0, next: 'tooLate' });
    },
  );

  it('is waited for in runs until a late deadline comes near', () => {
    const limits = { ...BY_RUNS, waitDeadlineMs: 5_000 };
    expect(patienceWith(limits, 100)).toEqual({ forMs: 1_000, next: 'silence' });
    expect(patienceWith(limits, 4_500)).toEqual({ forMs: 500, next: 'tooLate' });
  });
});
