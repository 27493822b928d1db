import { describe, expect, it } from 'vitest';
import type { Job, Pod } from '../../api/kubernetes.ts';
import { hasPods, moverState } from '../../movers/mover-state.ts';
import type { MoverSeen } from '../../movers/mover-state.ts';

const JOB: Job = { metadata: { namespace: 'shop', name: 'volsync-src-orders', uid: 'job-2' }, spec: {} };

function seen(pods: readonly Pod[], more: Partial<MoverSeen> = {}): MoverSeen {
  return { job: JOB, jobGone: false, podSeen: false, pods, container: 'restic', ...more };
}

function aPod(status: Pod['status'] & object, job = 'job-2', deletionTimestamp?: string): Pod {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'volsync-src-orders', uid: job };
  return {
    metadata: {
      name: `pod-of-${job}`,
      ownerReferences: [owner],
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
    status,
  };
}

const withState = (state: object, name = 'restic') => ({ containerStatuses: [{ name, state }] });

describe('the state of a mover', () => {
  it('is pending, and says so, until its Job has a pod', () => {
    expect(moverState(seen([]))).toEqual({ kind: 'pending', why: 'its Job has no pod yet' });
  });

  it.each([
    {
      of: 'without a node',
      status: {
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/3 nodes are available: 3 Insufficient memory.',
          },
        ],
      },
      why: 'its pod is pending: Unschedulable: 0/3 nodes are available: 3 Insufficient memory.',
    },
    {
      of: 'without its image',
      status: withState({
        waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "mover:1"' },
      }),
      why: 'its pod is pending: ImagePullBackOff: Back-off pulling image "mover:1"',
    },
    {
      of: 'without its Secret',
      status: withState({
        waiting: { reason: 'CreateContainerConfigError', message: 'secret "repository" not found' },
      }),
      why: 'its pod is pending: CreateContainerConfigError: secret "repository" not found',
    },
  ])('is pending $of, with Kubernetes’ own reason', ({ status, why }) => {
    expect(moverState(seen([aPod(status)]))).toMatchObject({ kind: 'pending', why });
  });

  it('keeps a reason short, however many nodes it tells of', () => {
    const message = 'node-x had untolerated taints, '.repeat(1_000);
    const state = moverState(seen([aPod(withState({ waiting: { reason: 'X', message } }))]));
    expect('why' in state && state.why?.length).toBe(500);
  });

  it('is read from the mover’s container, whatever was injected beside it', () => {
    const sidecar = { name: 'istio-proxy', state: { running: {} } };
    const mover = { name: 'restic', state: { terminated: { exitCode: 12, reason: 'Error' } } };
    const state = moverState(seen([aPod({ phase: 'Running', containerStatuses: [sidecar, mover] })]));
    expect(state).toMatchObject({ kind: 'ended', exitCode: 12 });
    expect(state).not.toHaveProperty('why');
    const waiting = moverState(seen([aPod({ containerStatuses: [sidecar] })]));
    expect(waiting.kind).toBe('pending');
  });

  it('is never read from the pod of an earlier Job of that name', () => {
    const earlier = aPod(withState({ terminated: { exitCode: 3 } }), 'job-1');
    expect(moverState(seen([earlier])).kind).toBe('pending');
    const ours = aPod(withState({ running: {} }));
    expect(moverState(seen([earlier, ours]))).toMatchObject({ kind: 'running', pod: ours });
  });

  it('tells why a container was ended by others', () => {
    const killed = aPod(withState({ terminated: { exitCode: 137, reason: 'OOMKilled' } }));
    expect(moverState(seen([killed]))).toMatchObject({ exitCode: 137, why: 'OOMKilled' });
    const deleted = aPod(withState({ terminated: { exitCode: 13, reason: 'Error' } }), 'job-2', '2026-07-02');
    expect(moverState(seen([deleted]))).toMatchObject({ exitCode: 13, why: 'its pod was being deleted' });
  });

  it('is vanished when its pod was evicted and left no exit code', () => {
    const evicted = aPod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on disk.' });
    expect(moverState(seen([evicted]))).toEqual({
      kind: 'vanished',
      why: 'its pod failed: Evicted: The node was low on disk.',
    });
  });

  it('is vanished when its pod or its Job is there no more', () => {
    expect(moverState(seen([], { podSeen: true }))).toMatchObject({ why: 'its pod was deleted' });
    expect(moverState(seen([], { jobGone: true }))).toMatchObject({ why: 'its Job was removed' });
    const conditions = [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'too long' }];
    const failed = { ...JOB, status: { conditions } };
    expect(moverState(seen([], { job: failed }))).toEqual({
      kind: 'vanished',
      why: 'its Job failed: DeadlineExceeded: too long',
    });
  });
});

describe('the pods of a Job’s name', () => {
  it('count, whichever Job of that name they belong to', () => {
    expect(hasPods('volsync-src-orders', [aPod({}, 'job-1')])).toBe(true);
    expect(hasPods('volsync-src-invoices', [aPod({}, 'job-1')])).toBe(false);
  });
});
