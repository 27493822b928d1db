// The phases of a sync, each recognised by what an outside watcher sees, and how a phase that is over in milliseconds is
// made long enough to be hit: the fault proxy holds the request that would end it.
import type { VolumeSnapshot } from '../../api/kubernetes.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import type { PhaseName } from '../../tools/matrix/cells.ts';
import type { Match } from '../stack-faults/api-call.ts';
import { pvcOf } from '../stack/window-scenario.ts';
import type { Application } from '../stack/world.ts';

export interface Phase {
  /** Whether the application has been asked, and whether its owner has answered, when the phase begins. */
  readonly after: 'nothing' | 'asked' | 'triggered';
  readonly is: (seen: Seen) => boolean;
  /** The fault comes so long after its beginning, at most. */
  readonly spanMs: number;
  /** The request of the worker that ends it, held for a while. */
  readonly held?: Match;
  readonly volumeSnapshotClassName?: string;
  /** The mover runs until its repository answers. */
  readonly repositoryStandsStill?: true;
}

/** What stands in the application's namespace now. */
export interface Seen {
  readonly status: string | undefined;
  readonly snapshot: VolumeSnapshot | undefined;
  readonly job: boolean;
  readonly moverPod: string | undefined;
}

export function look(application: Application): Seen {
  const { volumeSnapshots, jobs, pods } = application.world.cluster;
  const { namespace } = application;
  return {
    status: pvcOf(application)?.metadata.annotations?.[A.latestCopyStatus],
    snapshot: volumeSnapshots.watch().list(namespace)[0],
    job: jobs.watch().list(namespace).length > 0,
    moverPod: pods.watch().list(namespace)[0]?.status?.phase,
  };
}

export const HELD_MS = 2_500;

const writes = (status: string): Match => ({
  verb: 'patch',
  resource: 'persistentvolumeclaims',
  body: new RegExp(`"${A.latestCopyStatus}":"${status}"`),
});
const cutTime = ({ snapshot }: Seen) => snapshot?.status?.creationTime;

export const PHASE: Readonly<Record<PhaseName, Phase>> = {
  beginning: {
    after: 'nothing',
    is: ({ status }) => status === undefined,
    spanMs: 1_500,
    held: writes('WaitingForTrigger'),
  },
  waiting: { after: 'asked', is: ({ status }) => status === 'WaitingForTrigger', spanMs: 1_000 },
  accepted: {
    after: 'triggered',
    is: ({ status, snapshot }) => status === 'InProgress' && snapshot === undefined,
    spanMs: 1_500,
    held: { verb: 'create', resource: 'volumesnapshots' },
  },
  cutting: {
    after: 'triggered',
    is: (seen) => seen.snapshot !== undefined && cutTime(seen) === undefined,
    spanMs: 2_500,
    volumeSnapshotClassName: 'dir-slow-cut',
  },
  cut: {
    after: 'triggered',
    is: (seen) => seen.status === 'InProgress' && cutTime(seen) !== undefined,
    spanMs: 1_500,
    held: writes('Completed'),
  },
  released: {
    after: 'triggered',
    is: ({ status, snapshot }) => status === 'Completed' && snapshot?.status?.readyToUse === false,
    spanMs: 5_000,
    volumeSnapshotClassName: 'dir-slow-ready',
  },
  'mover-pending': {
    after: 'triggered',
    is: ({ job, moverPod }) => job && (moverPod === undefined || moverPod === 'Pending'),
    spanMs: 800,
  },
  'mover-running': {
    after: 'triggered',
    is: ({ moverPod }) => moverPod === 'Running',
    spanMs: 3_000,
    repositoryStandsStill: true,
  },
  closing: {
    after: 'triggered',
    is: ({ job, moverPod }) => job && moverPod === 'Succeeded',
    spanMs: 1_500,
    held: { verb: 'delete', resource: 'jobs' },
  },
};
