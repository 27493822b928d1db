import { describe, expect, it } from 'vitest';
import { resticSource } from '../../movers/restic.ts';
import { verdictOn } from '../../movers/mover-verdict.ts';
import type { MoverEnded } from '../../movers/mover-verdict.ts';

const LIMITS = { moverAttempts: 3, moverRetryMs: 10_000 };

function verdict(ended: Partial<MoverEnded>, limits = LIMITS) {
  const whole = { job: 'volsync-src-orders', attempt: 1, lastLine: 'Fatal: no', ...ended };
  return verdictOn(whole, (exitCode) => resticSource({}).readExit(exitCode), limits);
}

describe('the end of a mover', () => {
  it.each([
    [0, 'done'],
    [20, 'moved'],
    [21, 'moved'],
  ])('with code %i says that the data is moved (%s)', (exitCode, end) => {
    expect(verdict({ exitCode })).toEqual({ do: 'report', end });
  });

  it.each([1, 2, 4, 5, 8, 12])(
    'with code %i fails the sync at once: a retry would end the same way',
    (exitCode) => {
      expect(verdict({ exitCode })).toMatchObject({ do: 'fail', failure: { reason: 'MoverRefused' } });
    },
  );

  it.each([3, 11, 13, 137])('with code %i has the same copy carried again', (exitCode) => {
    expect(verdict({ exitCode })).toMatchObject({ do: 'again', failure: { reason: 'MoverFailed' } });
  });

  it('without a code has the same copy carried again', () => {
    expect(verdict({ why: 'its pod was deleted' })).toMatchObject({
      do: 'again',
      failure: {
        reason: 'MoverVanished',
        message: 'The mover of Job volsync-src-orders is gone without an exit code: its pod was deleted',
      },
    });
  });

  it('is retried later and later, and never more than ten minutes later', () => {
    const delays = Array.from({ length: 8 }, (_, at) => {
      const decided = verdict({ exitCode: 3, attempt: at + 1 }, { ...LIMITS, moverAttempts: 100 });
      return decided.do === 'again' ? decided.afterMs / 1_000 : 'never';
    });
    expect(delays).toEqual([10, 20, 40, 80, 160, 320, 600, 600]);
  });

  it('fails the sync after the last attempt', () => {
    expect(verdict({ exitCode: 3, attempt: 2 }).do).toBe('again');
    expect(verdict({ exitCode: 3, attempt: 3 })).toMatchObject({
      do: 'fail',
      failure: { reason: 'MoverFailed', message: expect.stringMatching(/given up after 3 attempts/) },
    });
    expect(verdict({ attempt: 3 })).toMatchObject({ do: 'fail', failure: { reason: 'MoverVanished' } });
  });

  it('is told in one sentence, with what killed it before what it said', () => {
    const decided = verdict({ exitCode: 137, why: 'OOMKilled' });
    expect('failure' in decided && decided.failure.message).toBe(
      'The mover of Job volsync-src-orders ended with code 137: OOMKilled; Fatal: no',
    );
  });
});
