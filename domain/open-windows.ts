// How the open window of a pvc stands, for those who watch many: whether its owner lets it wait for longer than agreed,
// and whether an application stands still for longer than anybody should have let it.
import type { OwnerObject } from '../api/sync.ts';
import { ANNOTATIONS } from './copy-trigger.ts';
import { MARGIN_MS, readWindowState } from './copy-window.ts';
import type { PvcView } from './copy-window.ts';
import { durationMs } from './duration.ts';
import { SOURCE_ANNOTATIONS } from './plan.ts';
import { parseTime } from './time.ts';

/** `stuck`: its `release-by` is over, and neither its sync nor the guard has let the application go. */
export type WindowStanding = 'asked' | 'overdue' | 'frozen' | 'stuck';

/** For how long a trigger may be missing where the source does not say: the worker's own default. */
export const OVERDUE_AFTER_MS = 600_000;
/** The guard acts one margin after `release-by`; this is how long its patch may take. */
const GUARD_ACTS_WITHIN_MS = 30_000;

/** Undefined when no window is open. `sources` are those of the syncs in it. */
export function windowStanding(
  pvc: PvcView,
  sources: readonly OwnerObject[],
  now: number,
): WindowStanding | undefined {
  const current = readWindowState(pvc);
  if (current.state === 'idle') return undefined;
  if (current.state === 'frozen') {
    const { releaseBy = Number.POSITIVE_INFINITY } = current;
    return now > releaseBy + MARGIN_MS + GUARD_ACTS_WITHIN_MS ? 'stuck' : 'frozen';
  }
  const since = parseTime(pvc.annotations[ANNOTATIONS.waitingSince]) ?? now;
  return now - since > overdueAfterMs(sources) ? 'overdue' : 'asked';
}

function overdueAfterMs(sources: readonly OwnerObject[]): number {
  const agreed = sources.map(
    ({ metadata }) =>
      durationMs(metadata.annotations?.[SOURCE_ANNOTATIONS.overdueAfter] ?? '') ?? OVERDUE_AFTER_MS,
  );
  return agreed.length === 0 ? OVERDUE_AFTER_MS : Math.max(...agreed);
}
