// One sync as Temporal remembers it: what the table of `history` shows, and the lines of its story.
import { isRefusal } from '../../domain/failures.ts';
import { PROCEED } from '../../domain/messages.ts';
import { parseTime } from '../../domain/time.ts';
import type { Copy, CopyAttempt, CopyTimes, Moved, Proceed, SyncPlan } from '../../api/sync.ts';
import { brief, bytes } from './print/amounts.ts';
import { causeOf, firstPayload, payloadValue, timeOf } from './history-events.ts';
import type { Cause, History, HistoryEvent, TemporalFailure } from './history-events.ts';

export type RunResult =
  'Running' | 'Successful' | 'Failed' | 'Refused' | 'Cancelled' | 'Terminated' | 'TimedOut' | 'Continued';

export interface StoryLine {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
  /** Something went wrong there. */
  readonly bad?: true;
}

export interface RunRecord {
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly result: RunResult;
  /** Why it ended without success. */
  readonly cause?: Cause;
  readonly plan?: SyncPlan;
  readonly copy?: CopyTimes;
  readonly moved?: Moved;
  readonly lines: readonly StoryLine[];
}

export function readRun(history: History): RunRecord {
  const telling = new Telling();
  for (const event of history.events ?? []) telling.hear(event);
  return telling.record();
}

interface Step {
  readonly name: string;
  readonly scheduledAt: number;
}

type Ending = Pick<RunRecord, 'result'> & { readonly cause?: Cause | undefined };

class Telling {
  #startedAt = 0;
  /** Times on the wire have whole seconds: nothing is told to have happened before this. */
  #earliest = 0;
  #endedAt: number | undefined;
  #ending: Ending = { result: 'Running' };
  #plan: SyncPlan | undefined;
  #copy: CopyTimes | undefined;
  #moved: Moved | undefined;
  readonly #steps = new Map<string, Step>();
  readonly #lines: StoryLine[] = [];

  /** Takes in the next event; most kinds of them say nothing to people. */
  hear(event: HistoryEvent): void {
    const at = timeOf(event.eventTime);
    this.#hearWorkflow(event, at);
    this.#hearPeople(event, at);
    this.#hearActivity(event, at);
  }

  record(): RunRecord {
    const { result, cause } = this.#ending;
    return {
      startedAt: this.#startedAt,
      ...(this.#endedAt !== undefined && { endedAt: this.#endedAt }),
      result,
      ...(cause !== undefined && { cause }),
      ...(this.#plan !== undefined && { plan: this.#plan }),
      ...(this.#copy !== undefined && { copy: this.#copy }),
      ...(this.#moved !== undefined && { moved: this.#moved }),
      lines: this.#lines.toSorted((one, other) => one.at - other.at),
    };
  }

  #tell(at: number, text: string, bad = false): void {
    this.#lines.push({ at, text, ...(bad && { bad }) });
  }

  #hearWorkflow(event: HistoryEvent, at: number): void {
    const { workflowExecutionStartedEventAttributes: started, workflowTaskFailedEventAttributes: stuck } =
      event;
    if (started != null) this.#begin(event, started, at);
    if (stuck != null)
      this.#tell(at, `A worker could not go on: ${stuck.failure?.message ?? 'without a reason'}`, true);
    if (phaseIn(event) === 'TriggerOverdue')
      this.#tell(at, 'The trigger is overdue; the sync says so, and keeps waiting', true);
    const ending = endingOf(event);
    if (ending !== undefined) this.#end(at, ending);
  }

  #begin(event: HistoryEvent, { continuedExecutionRunId }: Started, at: number): void {
    const continued = (continuedExecutionRunId ?? '') !== '';
    this.#startedAt = at;
    this.#earliest = continued ? 0 : at;
    const summary = payloadValue(event.userMetadata?.summary);
    const how = continued ? 'The sync goes on after a very long wait' : 'The sync starts';
    this.#tell(at, typeof summary === 'string' ? `${how}: ${summary}` : how);
  }

  #end(at: number, ending: Ending): void {
    this.#ending = ending;
    this.#endedAt = at;
    const { result, cause } = ending;
    const after = `after ${brief(at - this.#startedAt)}`;
    if (result === 'Continued') this.#tell(at, `The wait goes on as a new run, ${after}`);
    else if (result === 'Successful') this.#tell(at, `The sync has ended well, ${after}`);
    else this.#tell(at, `The sync has ended, ${result}, ${after}${this.#unlessTold(cause)}`, true);
  }

  #unlessTold(cause: Cause | undefined): string {
    const told = cause !== undefined && this.#lines.some(({ text }) => text.endsWith(cause.message));
    return told ? '' : because(cause);
  }

  #hearPeople(event: HistoryEvent, at: number): void {
    if (event.workflowExecutionSignaledEventAttributes != null)
      this.#tell(at, 'The PersistentVolumeClaim has changed: the sync looks at it again');
    const cancel = event.workflowExecutionCancelRequestedEventAttributes;
    if (cancel != null) this.#tell(at, `Somebody (${cancel.identity || 'unknown'}) cancels the sync`, true);
    const said = proceedIn(event);
    if (said !== undefined) this.#tell(at, `${said.by} proceeds without a trigger: ${said.reason}`);
  }

  #hearActivity(event: HistoryEvent, at: number): void {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled != null)
      this.#steps.set(String(event.eventId), { name: scheduled.activityType?.name ?? '', scheduledAt: at });
    const started = event.activityTaskStartedEventAttributes;
    if (started != null) this.#stepStarted(this.#stepOf(started), { at, ...retryOf(started) });
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed != null) this.#stepDone(this.#stepOf(completed), at, firstPayload(completed.result));
    const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
    if (failed == null) return;
    const doing = DOING[this.#stepOf(failed).name] ?? this.#stepOf(failed).name;
    this.#tell(at, `In vain: ${doing}${because(causeOf(failed.failure))}`, true);
  }

  #stepOf({ scheduledEventId }: { scheduledEventId?: unknown }): Step {
    return this.#steps.get(String(scheduledEventId)) ?? { name: '', scheduledAt: this.#startedAt };
  }

  #stepStarted({ name }: Step, { at, attempt, cause }: { at: number; attempt: number; cause: string }): void {
    if (attempt > 1) this.#tell(at, `Attempt ${attempt}: ${DOING[name] ?? name}${cause}`, true);
    else if (name === 'moveCopy')
      this.#tell(at, `The mover (${this.#plan?.mover ?? 'unknown'}) gets to work`);
  }

  #stepDone(step: Step, at: number, result: unknown): void {
    switch (step.name) {
      case 'beginSync':
        return this.#begun(at, result as SyncPlan | undefined);
      case 'takeCopy':
        return this.#attempted(step, at, result as CopyAttempt | Copy | undefined);
      case 'moveCopy':
        this.#moved = result as Moved | undefined;
        return this.#tell(at, `The mover has done its work${amounts(this.#moved)}`);
      case 'closeSync':
        return this.#tell(at, 'Status and events are written; nothing temporary is left');
      default:
    }
  }

  #begun(at: number, plan: SyncPlan | undefined): void {
    this.#plan = plan;
    if (plan === undefined) return this.#tell(at, 'Source and pvc are validated');
    this.#tell(Math.max(gateTime(plan) ?? at, this.#earliest), askedHow(plan));
  }

  #attempted({ scheduledAt }: Step, at: number, result: CopyAttempt | Copy | undefined): void {
    const copy = copyIn(result);
    if (copy === undefined) return this.#tell(at, 'No trigger that counts stands there: the sync waits on');
    this.#copy = copy.times;
    const { triggeredTime, cutTime, releasedTime, trigger, by } = copy.times;
    // In the order of what happened, although times on the wire have whole seconds.
    const within = (text: string, earliest: number): number =>
      Math.min(at, Math.max(earliest, parseTime(text) ?? at));
    if (triggeredTime !== undefined && by === undefined) {
      const onWhat = trigger === undefined ? '' : ` (trigger ${trigger})`;
      this.#tell(within(triggeredTime, this.#earliest), `The application stands still${onWhat}`);
    }
    if (cutTime !== undefined)
      this.#tell(within(cutTime, scheduledAt), `The storage has cut the image ${copy.name}`);
    if (releasedTime !== undefined) this.#tell(within(releasedTime, scheduledAt), released(copy.times));
  }
}

function released({ freezeMs }: CopyTimes): string {
  return `The application is released${freezeMs === undefined ? '' : `; it was frozen for ${brief(freezeMs)}`}`;
}

// In the histories of the first versions the copy itself was the result.
function copyIn(result: CopyAttempt | Copy | undefined): Copy | undefined {
  if (result === undefined || 'times' in result) return result;
  return result.kind === 'taken' ? result.copy : undefined;
}

type Started = NonNullable<HistoryEvent['workflowExecutionStartedEventAttributes']>;

function phaseIn({ upsertWorkflowSearchAttributesEventAttributes: upserted }: HistoryEvent): unknown {
  return payloadValue(upserted?.searchAttributes?.indexedFields?.['SyncPhase']);
}

function proceedIn({ workflowExecutionUpdateAcceptedEventAttributes: accepted }: HistoryEvent) {
  const input = accepted?.acceptedRequest?.input;
  if (input?.name !== PROCEED) return undefined;
  const { by = 'Somebody', reason = 'no reason given' } = (firstPayload(input.args) ??
    {}) as Partial<Proceed>;
  return { by, reason };
}

/** What each step does, for sentences about its failure. */
const DOING: Readonly<Record<string, string>> = {
  beginSync: 'validating, and asking the application',
  reportOverdue: 'saying that the trigger is overdue',
  takeCopy: 'freezing, cutting, releasing',
  moveCopy: 'carrying the copy away',
  closeSync: 'releasing, reporting and cleaning up',
};

function retryOf(started: { attempt?: number | null; lastFailure?: TemporalFailure | null }) {
  return { attempt: started.attempt ?? 1, cause: because(causeOf(started.lastFailure)) };
}

function because(cause: Cause | undefined): string {
  return cause === undefined ? '' : `, because of ${cause.reason}: ${cause.message}`;
}

function gateTime({ gate }: SyncPlan): number | undefined {
  return gate.kind === 'asked' ? parseTime(gate.waitingSince) : undefined;
}

function askedHow({ gate, pvc, copyMethod }: SyncPlan): string {
  switch (gate.kind) {
    case 'asked':
      return `The application is asked: WaitingForTrigger stands on PersistentVolumeClaim ${pvc.name}`;
    case 'triggered':
      return `The trigger ${gate.trigger} stands on PersistentVolumeClaim ${pvc.name} already`;
    case 'open':
      return copyMethod === 'Direct'
        ? `PersistentVolumeClaim ${pvc.name} is read itself (Direct): nobody is asked`
        : `PersistentVolumeClaim ${pvc.name} does not carry use-copy-trigger: nobody is asked`;
  }
}

function amounts(moved: Moved | undefined): string {
  const { bytes: read, files, bytesAdded, snapshotId } = moved ?? {};
  const parts = [
    read === undefined
      ? undefined
      : `${bytes(read)}${files === undefined ? '' : ` in ${files} ${files === 1 ? 'file' : 'files'}`} read`,
    bytesAdded === undefined ? undefined : `${bytes(bytesAdded)} new to the repository`,
    snapshotId === undefined ? undefined : `snapshot ${snapshotId.slice(0, 8)}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

function endingOf(event: HistoryEvent): Ending | undefined {
  const plain = PLAIN_ENDINGS.find(([attributes]) => event[attributes] != null)?.[1];
  if (plain !== undefined) return { result: plain };
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  if (terminated != null) {
    const message = `${terminated.identity || 'somebody'}: ${terminated.reason || 'no reason given'}`;
    return { result: 'Terminated', cause: { reason: 'SyncEnded', message } };
  }
  const failed = event.workflowExecutionFailedEventAttributes;
  if (failed == null) return undefined;
  const cause = causeOf(failed.failure);
  return { result: cause !== undefined && isRefusal(cause.reason) ? 'Refused' : 'Failed', cause };
}

const PLAIN_ENDINGS: readonly (readonly [keyof HistoryEvent, RunResult])[] = [
  ['workflowExecutionCompletedEventAttributes', 'Successful'],
  ['workflowExecutionCanceledEventAttributes', 'Cancelled'],
  ['workflowExecutionTimedOutEventAttributes', 'TimedOut'],
  ['workflowExecutionContinuedAsNewEventAttributes', 'Continued'],
];
