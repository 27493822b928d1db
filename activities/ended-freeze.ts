// How long an application stood still for a copy that was not taken: from what its closed window shows.
import type { Unsuccessful } from '../api/sync.ts';
import { ANNOTATIONS } from '../domain/copy-trigger.ts';
import { annotationWrittenAt } from '../domain/managed-fields.ts';
import { standsStillSince } from './accept-trigger.ts';
import type { LeftWindow } from './leave-windows.ts';

/** Milliseconds; undefined when nobody stood still, when others' copies still need the freeze, or when a person alone knows. */
export function endedFreezeMs(left: readonly LeftWindow[], outcome: Unsuccessful): number | undefined {
  const freezes = left.map((window) => freezeIn(window, outcome)).filter((freeze) => freeze !== undefined);
  return freezes.length === 0 ? undefined : Math.max(...freezes);
}

function freezeIn({ window, pvc }: LeftWindow, { plan, quiescedSince }: Unsuccessful): number | undefined {
  const accepted = window.trigger !== undefined || window.by !== undefined;
  if (window.result !== 'Failed' || !accepted) return undefined;
  const asked = plan?.gate.kind === 'asked' ? Date.parse(plan.gate.waitingSince) : 0;
  const stood = window.trigger === undefined ? quiescedSince : standsStillSince(pvc, asked);
  const released = annotationWrittenAt(pvc, ANNOTATIONS.latestCopyStatus);
  if (stood === undefined || released === undefined) return undefined;
  return Math.max(0, Math.round(released - Math.max(asked, stood)));
}
