// A pvc's versions in the light of the copy window that stands on it, read from the wire alone (docs/protocol.md).
import type { ManagedFields, PersistentVolumeClaim } from '../../../api/kubernetes.ts';
import { ANNOTATIONS as A, readCopyWindow } from '../../../domain/copy-trigger.ts';
import type { Annotations, CopyWindow } from '../../../domain/copy-trigger.ts';
import { livesOf, unseenBetween } from '../scenario-record.ts';
import type { Life, OutsideRecord, Version } from '../scenario-record.ts';

export type WindowState = 'none' | 'asked' | 'frozen' | 'closed';

export interface WindowStep {
  readonly version: Version<PersistentVolumeClaim>;
  readonly annotations: Annotations;
  /** The version before, if it was seen. */
  readonly before: WindowStep | undefined;
  /** Versions between the two may be missing. */
  readonly unseen: boolean;
  readonly state: WindowState;
  /** Undefined for another pvc's window: annotations restored from elsewhere say nothing. */
  readonly window: CopyWindow | undefined;
}

/** One list of steps for each pvc that ever stood there. */
export function windowStepsOf(record: OutsideRecord): readonly (readonly WindowStep[])[] {
  return livesOf(record, 'pvcs').map((life) => stepsOf(record, life));
}

function stepsOf(record: OutsideRecord, life: Life<'pvcs'>): readonly WindowStep[] {
  const steps: WindowStep[] = [];
  for (const version of life.filter(({ gone }) => !gone)) {
    const before = steps.at(-1);
    const { uid, annotations = {} } = version.object.metadata;
    const found = readCopyWindow(annotations);
    const window = found?.pvc === uid ? found : undefined;
    const unseen = unseenBetween(record, 'pvcs', [before?.version.at ?? 0, version.at]);
    steps.push({ version, annotations, before, unseen, window, state: stateOf(annotations, window) });
  }
  return steps;
}

function stateOf(annotations: Annotations, window: CopyWindow | undefined): WindowState {
  if (window === undefined) return 'none';
  if (window.result !== undefined) return 'closed';
  if (annotations[A.latestCopyStatus] === 'WaitingForTrigger') return 'asked';
  return annotations[A.latestCopyStatus] === 'InProgress' ? 'frozen' : 'none';
}

/** The first step that shows this window in this state. */
export function firstStep(
  steps: readonly WindowStep[],
  windowId: string,
  state: WindowState,
): WindowStep | undefined {
  return steps.find((step) => step.window?.id === windowId && step.state === state);
}

/** Steps that bring a window into a state that the version before did not show. */
export function entriesInto(steps: readonly WindowStep[], state: WindowState): readonly WindowStep[] {
  return steps.filter(
    (step) => step.state === state && firstStep(steps, step.window?.id ?? '', state) === step,
  );
}

/** The entry of `metadata.managedFields` by which one of our processes owns the annotation. */
export function ownedByUs(step: WindowStep, key: string): ManagedFields | undefined {
  return step.version.object.metadata.managedFields?.find(
    ({ manager = '', fieldsV1 }) => OURS.test(manager) && annotationsIn(fieldsV1)[`f:${key}`] !== undefined,
  );
}

/** Our own processes; what tests do as users is done by `stillpoint-cli` or kubectl. */
export const OURS = /^stillpoint-(worker|controller|guard)$/;

function annotationsIn(fields: ManagedFields['fieldsV1']): Readonly<Record<string, unknown>> {
  const metadata = fields?.['f:metadata'] as Readonly<Record<string, unknown>> | undefined;
  return (metadata?.['f:annotations'] ?? {}) as Readonly<Record<string, unknown>>;
}

/** How sentences name a step. */
export function sayWhich({ version }: WindowStep): string {
  return `PersistentVolumeClaim ${version.object.metadata.name} (version ${version.at})`;
}
