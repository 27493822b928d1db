// Releases the application (row 6): whoever first sees every copy of the window cut writes Completed.
import { crc32, LABELS } from '../domain/names.ts';
import { ANNOTATIONS } from '../domain/copy-trigger.ts';
import type { CopyWindow } from '../domain/copy-trigger.ts';
import { lost } from './accept-trigger.ts';
import { readWindowState } from '../domain/copy-window.ts';
import { failures } from '../domain/failures.ts';
import { annotationWrittenAt } from '../domain/managed-fields.ts';
import { refusal } from './context.ts';
import type { Taking } from './context.ts';
import { isCut } from './copy-object.ts';
import { until } from './watching.ts';
import { applyWindowEvent, viewOf } from './window.ts';

/** Returns when the application was released, API-server milliseconds since the epoch. */
export async function releaseApplication(
  taking: Taking,
  window: CopyWindow,
  signal: AbortSignal,
): Promise<number> {
  const { context, pvc } = taking;
  const target = { cluster: context.cluster, pvc, signal, from: 'watch' } as const;
  for (;;) {
    const event = { kind: 'cut', windowId: window.id, cutRuns: runsCut(taking, window) } as const;
    const applied = await applyWindowEvent(target, event);
    const { decision } = applied;
    if (decision.do === 'patch') return applied.time;
    if (decision.do === 'late') throw refusal(failures.freezeBoundExceeded(pvc.name));
    if (decision.do !== 'nothing') throw lost(taking, applied);
    if (decision.because === 'done') return releasedAt(applied.pvc) ?? applied.time;
    await othersCut(taking, decision.window ?? window, signal);
  }
}

/** The runs of the window whose copies the storage has fixed: this one, and those that the shared watches show. */
function runsCut({ context, pvc, plan, run }: Taking, window: CopyWindow): readonly string[] {
  const { volumeSnapshots, pvcs } = context.cluster;
  const copies = [...volumeSnapshots.watch().list(pvc.namespace), ...pvcs.watch().list(pvc.namespace)];
  const cut = new Set(
    copies
      .filter(({ metadata }) => metadata.labels?.[LABELS.copyWindow] === window.id)
      .filter((copy) => isCut(copy, plan))
      .map(({ metadata }) => metadata.labels?.[LABELS.run]),
  );
  return window.runs.filter((other) => other === run || cut.has(crc32(other)));
}

// Until the last copy of the window is cut, or the window is no longer what it was.
async function othersCut(taking: Taking, window: CopyWindow, signal: AbortSignal): Promise<void> {
  const { volumeSnapshots, pvcs } = taking.context.cluster;
  const look = () => {
    const seen = pvcs.watch().get(taking.pvc);
    const current = seen && readWindowState(viewOf(seen));
    const changed = current?.state !== 'frozen' || current.window.runs.length !== window.runs.length;
    return changed || runsCut(taking, window).length === window.runs.length ? true : undefined;
  };
  await until([volumeSnapshots.watch(), pvcs.watch()], look, signal);
}

function releasedAt(pvc: Parameters<typeof annotationWrittenAt>[0] | undefined): number | undefined {
  return pvc && annotationWrittenAt(pvc, ANNOTATIONS.latestCopyStatus);
}
