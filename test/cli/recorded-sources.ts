// Sources and their pvcs as a real API server gave them, in the states that a source can be seen in; what a moment is
// too short for is made from them by the window's own state machine.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { decide } from '../../domain/copy-window.ts';
import type { WindowEvent } from '../../domain/copy-window.ts';

export interface Recorded {
  readonly source: ReplicationSource;
  readonly pvc: PersistentVolumeClaim;
}

type State = 'overdue' | 'waiting' | 'idle' | 'failed' | 'fresh' | 'paused';

const states = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded-sources.json'), 'utf8')) as Record<
  State,
  { source: unknown; pvc: PersistentVolumeClaim }
>;

export function recorded(state: State): Recorded {
  const { source, pvc } = states[state];
  return { source: ReplicationSource.parse(source), pvc };
}

/** When the recorded sync that waits has asked. */
export const ASKED = Date.parse(
  recorded('waiting').pvc.metadata.annotations?.[ANNOTATIONS.waitingSince] ?? '',
);

/** The waiting one, with other annotations; null removes one. */
export function waitingWith(annotations: Readonly<Record<string, string | null>>): Recorded {
  const { source, pvc } = recorded('waiting');
  const merged = Object.entries({ ...pvc.metadata.annotations, ...annotations }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return { source, pvc: { ...pvc, metadata: { ...pvc.metadata, annotations: Object.fromEntries(merged) } } };
}

/** The waiting one after its trigger was accepted, and with `cut` after its copy was cut, too. */
export function triggered(trigger: string, cut: boolean): Recorded {
  const asked = waitingWith({ [ANNOTATIONS.copyTrigger]: trigger });
  const [run = '', windowId = ''] = windowNames(asked.pvc);
  const frozen = after(asked, { kind: 'trigger', run, windowId, asked: true, freezeBoundMs: 600_000 });
  return cut ? after(frozen, { kind: 'cut', windowId, cutRuns: [run] }) : frozen;
}

function windowNames({ metadata }: PersistentVolumeClaim): readonly string[] {
  const window = JSON.parse(metadata.annotations?.[ANNOTATIONS.copyWindow] ?? '') as {
    readonly id: string;
    readonly runs: readonly string[];
  };
  return [window.runs[0] ?? '', window.id];
}

function after({ pvc }: Recorded, event: WindowEvent): Recorded {
  const { uid = '', annotations = {} } = pvc.metadata;
  const decision = decide({ uid, annotations }, event, ASKED + 60_000);
  if (decision.do !== 'patch') throw new Error(`no row fits: ${decision.do}`);
  return waitingWith({ ...annotations, [ANNOTATIONS.waitingSince]: null, ...decision.annotations });
}
