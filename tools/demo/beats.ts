// What the beats of the story say, from what stands in the cluster.
import type { SyncReport } from '../../api/sync.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import type { Annotations } from '../../domain/copy-trigger.ts';
import { goDuration } from '../../domain/duration.ts';
import { resticLog } from '../../movers/restic-log.ts';
import { bytes, seconds } from './story.ts';

const log = resticLog('uploading');

/** The question: nothing is copied until a new trigger stands on the pvc. */
export function askedText(pvc: string, annotations: Annotations): string {
  const standing = annotations[ANNOTATIONS.copyTrigger];
  if (standing === undefined || standing === '')
    return `${pvc} opted in: the sync asks first, and copies nothing yet`;
  return `again, although copy-trigger: ${standing} stands there: it was answered, so it does not count any more`;
}

export function acceptedText(trigger: string, annotations: Annotations): string {
  const releaseBy = annotations[ANNOTATIONS.releaseBy];
  const promise = releaseBy === undefined ? '' : `; the application need not stand still beyond ${releaseBy}`;
  return `${trigger} is accepted${promise}`;
}

export interface Frozen {
  readonly quiescedAt: Date;
  readonly triggeredAt: Date;
  readonly completedAt: Date;
}

export function completedText(trigger: string, { quiescedAt, triggeredAt, completedAt }: Frozen): string {
  const freeze = seconds(completedAt.getTime() - quiescedAt.getTime());
  const answer = seconds(completedAt.getTime() - triggeredAt.getTime());
  return `${trigger} is answered; freeze ${freeze}, of it ${answer} from trigger to answer`;
}

/** The line of a mover's log as a beat; undefined for lines that tell nothing new. */
export function moverText(line: string): string | undefined {
  const read = log.readLine(line);
  if (read.kind === 'text') return log.keepsLine(read.text) ? read.text.trim() : undefined;
  if (read.kind !== 'progress') return undefined;
  const { phase, percent = 0, bytesDone = 0, bytesTotal, filesDone = 0, filesTotal } = read.progress;
  const of = (total: string | undefined) => (total === undefined ? '' : ` of ${total}`);
  const sizes = `${bytes(bytesDone)}${of(bytesTotal === undefined ? undefined : bytes(bytesTotal))}`;
  return `${phase} ${percent.toFixed(1)} %: ${sizes}, ${filesDone}${of(filesTotal?.toString())} files`;
}

export function reportedText({ moved, copy }: SyncReport): string {
  const { bytes: read = 0, files = 0, bytesAdded = 0, snapshotId = 'none', durationMs } = moved;
  const freeze = copy.freezeMs === undefined ? '' : `, freeze ${goDuration(copy.freezeMs)}`;
  return `snapshot ${snapshotId.slice(0, 8)}: ${bytes(read)} in ${files} ${files === 1 ? 'file' : 'files'}, ${bytes(bytesAdded)} new, moved in ${seconds(durationMs)}${freeze}`;
}

/** Address of one workflow in Temporal's UI. Its id contains slashes and colons. */
export function workflowUrl(ui: string, namespace: string, workflow: { id: string; runId: string }): string {
  return `${ui}/namespaces/${namespace}/workflows/${encodeURIComponent(workflow.id)}/${workflow.runId}/history`;
}
