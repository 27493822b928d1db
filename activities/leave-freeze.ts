// The end of a sync that had called its owner's worker, before anything else: the window is left, so that the worker may
// be told to let the application go. Others' copies may still need the freeze.
import type { LeftFreeze, SourceRef, Unsuccessful } from '../api/sync.ts';
import { readCopyWindow } from '../domain/copy-trigger.ts';
import { isQuiesceQueue } from '../domain/quiesce-queue.ts';
import { failureOf } from './close-sync.ts';
import { attended, currentRun } from './context.ts';
import type { SyncContext } from './context.ts';
import { leaveWindows } from './leave-windows.ts';

export interface Leave {
  readonly source: SourceRef;
  readonly failure: Pick<Unsuccessful, 'reason' | 'message'>;
  readonly windowId: string;
}

export async function leaveFreeze(
  { cluster }: SyncContext,
  { source: { namespace }, failure, windowId }: Leave,
): Promise<LeftFreeze> {
  return attended(async ({ signal }) => {
    const { run } = currentRun();
    await leaveWindows(cluster, { namespace, run, failure: failureOf(failure), signal });
    // By what stands there now: an earlier attempt may have left it.
    const pvcs = await cluster.pvcs.list({ namespace }, { signal });
    const window = pvcs
      .map(({ metadata }) => readCopyWindow(metadata.annotations ?? {}))
      .find((found) => found?.id === windowId);
    const by = window?.by;
    return {
      othersLeft: window !== undefined && window.result === undefined,
      ...(by !== undefined && isQuiesceQueue(by) && { taskQueue: by }),
    };
  });
}
