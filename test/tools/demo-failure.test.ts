import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { DemoError, expectSoon, sentenceOf } from '../../tools/demo/failure.ts';

const never = new Promise<never>(() => {});

describe('what the demo waits for', () => {
  it('arrives, and nothing is left waiting', async () => {
    const failed = new AbortController().signal;
    expect(await expectSoon(Promise.resolve('cut'), { otherwise: 'No cut', seconds: 60, failed })).toBe(
      'cut',
    );
  });

  it('or it ends with a sentence that says what has not happened', async () => {
    const failed = new AbortController().signal;
    const waiting = expectSoon(never, {
      otherwise: 'The storage has not cut the snapshot',
      seconds: 0.01,
      failed,
    });
    await expect(waiting).rejects.toThrow('The storage has not cut the snapshot within 0.01 seconds.');
  });

  it('or it ends at once with what the failed sync said, before or while one waits', async () => {
    const failing = new AbortController();
    const expectation = { otherwise: 'No cut', seconds: 60, failed: failing.signal };
    const waiting = expectSoon(never, expectation);
    failing.abort(new DemoError('The sync failed: Secret test-ns/restic-secret is missing'));
    await expect(waiting).rejects.toThrow('Secret test-ns/restic-secret is missing');
    await expect(expectSoon(never, expectation)).rejects.toThrow('Secret test-ns/restic-secret is missing');
  });

  it('is told in one sentence, however deep in Temporal the reason lies', () => {
    const reason = ApplicationFailure.create({
      type: 'MoverFailed',
      message: 'The mover of test-ns/test-rs failed',
    });
    const state = RetryState.NON_RETRYABLE_FAILURE;
    const activity = new ActivityFailure('Activity task failed', 'moveCopy', '1', state, 'worker', reason);
    const nested = new WorkflowFailedError('Workflow execution failed', activity, state);
    expect(sentenceOf(nested)).toBe('The mover of test-ns/test-rs failed.');
    expect(sentenceOf(new DemoError('It was interrupted.'))).toBe('It was interrupted.');
  });
});
