// How the steps of a sync are retried and how long they may be silent, grouped by why they are long.
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { QuiesceActivities } from '../api/quiesce.ts';
import type { MoverLimits, SyncLimits, SyncPlan } from '../api/sync.ts';
import { MOVER_TASK_QUEUE } from '../domain/messages.ts';
import { quiesceTimes } from '../domain/quiesce-queue.ts';

// An activity in flight is really over before the sync is closed: otherwise it could write after the release.
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

// Reads and writes of our own: quick, retried until the cluster answers.
const quick = {
  startToCloseTimeout: '1 day', // `beginSync` may wait for another sync's window.
  heartbeatTimeout: '10 seconds',
  cancellationType,
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
} as const;

export const { beginSync } = proxyActivities<Activities>({
  ...quick,
  summary: 'validate and ask the application',
});
export const { reportOverdue } = proxyActivities<Activities>({
  ...quick,
  summary: 'say that the trigger is overdue',
});
export const { closeSync } = proxyActivities<Activities>({
  ...quick,
  summary: 'release, report and clean up',
});

// Before the owner's worker is told: nothing may be in its way for longer than the application stands still anyhow.
export function leaveFreezeWithin({ freezeBoundMs }: SyncLimits) {
  return proxyActivities<Pick<Activities, 'leaveFreeze'>>({
    ...quick,
    scheduleToCloseTimeout: freezeBoundMs,
    summary: 'leave the copy window',
  }).leaveFreeze;
}

export const { beginDestination } = proxyActivities<Activities>({
  ...quick,
  summary: 'validate, and make what receives',
});
export const { closeDestination } = proxyActivities<Activities>({
  ...quick,
  summary: 'report and clean up',
});
// The storage decides how long that takes.
export const { takeImage } = proxyActivities<Activities>({
  ...quick,
  summary: 'take the image, and wait until it is ready',
});

/** Inside the freeze: a dead worker is noticed at once, and every attempt counts. */
export function whileFrozen({ copyHeartbeatMs }: SyncLimits) {
  return proxyActivities<Pick<Activities, 'takeCopy'>>({
    startToCloseTimeout: '1 day',
    heartbeatTimeout: copyHeartbeatMs,
    summary: 'freeze, cut, release',
    cancellationType,
    retry: { initialInterval: '100 milliseconds', maximumInterval: '2 seconds' },
  });
}

/** As long as the data needs. The activity counts its movers, and says when the next one may start; this is for dead workers. */
export function whileMoving({ moverHeartbeatMs }: SyncLimits) {
  return proxyActivities<Pick<Activities, 'moveCopy'>>({
    taskQueue: MOVER_TASK_QUEUE,
    startToCloseTimeout: '30 days',
    heartbeatTimeout: moverHeartbeatMs,
    summary: 'carry the copy away',
    cancellationType,
    retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
  });
}

/** As long as the sender needs, too. A receiver's deadline may lie beyond the longest timer there is: each attempt ends before. */
export function whileReceiving({ moverHeartbeatMs }: MoverLimits) {
  return proxyActivities<Pick<Activities, 'receive'>>({
    taskQueue: MOVER_TASK_QUEUE,
    startToCloseTimeout: '20 days',
    heartbeatTimeout: moverHeartbeatMs,
    summary: 'receive the data',
    cancellationType,
    retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
  });
}

// Nothing of ours runs on the queue of an owner's worker, which may be written in any language: it need not heartbeat.
const owned = {
  cancellationType,
  retry: { initialInterval: '500 milliseconds', maximumInterval: '5 seconds' },
} as const;

/** Nobody there is noticed soon, because the deadline that the call carries counts from the call on. */
export function quiesceOn({
  limits,
  quiesce,
}: SyncPlan & { readonly quiesce: { readonly taskQueue: string } }) {
  const { pickUpMs, answerMs } = quiesceTimes(limits.freezeBoundMs);
  return proxyActivities<QuiesceActivities>({
    ...owned,
    taskQueue: quiesce.taskQueue,
    scheduleToStartTimeout: pickUpMs,
    scheduleToCloseTimeout: answerMs,
    summary: 'have the application quiesced',
  }).quiesce;
}

/** Until the worker has let go by itself, and a little longer; not for long when perhaps nobody was ever there. */
export function unquiesceOn(taskQueue: string, { freezeBoundMs }: SyncLimits, came: 'yes' | 'perhaps') {
  const { pickUpMs } = quiesceTimes(freezeBoundMs);
  return proxyActivities<QuiesceActivities>({
    ...owned,
    taskQueue,
    ...(came === 'perhaps' && { scheduleToStartTimeout: pickUpMs }),
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: freezeBoundMs + AFTER_THE_END_MS,
    summary: 'have the application unquiesced',
  }).unquiesce;
}

const AFTER_THE_END_MS = 10_000;
