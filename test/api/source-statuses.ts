// What VolSync's CRD does with a status, and what ours does with `lastCopy` besides.

const WAITING = {
  type: 'Synchronizing',
  status: 'False',
  reason: 'WaitingForSchedule',
  message: 'Waiting for next scheduled synchronization',
  lastTransitionTime: '2026-07-02T10:14:07Z',
};

/** Accepted and stored as it stands. */
export const ACCEPTED_STATUSES = [
  { title: 'an empty status', status: {} },
  {
    title: 'a first sync that is running',
    status: {
      conditions: [{ ...WAITING, status: 'True', reason: 'SyncInProgress', observedGeneration: 1 }],
      lastSyncStartTime: '2026-07-02T10:00:00Z',
      latestMoverStatus: {},
      restic: {},
    },
  },
  {
    title: 'a source that waits for its schedule',
    status: {
      conditions: [WAITING],
      lastSyncTime: '2026-07-02T10:14:07Z',
      lastSyncDuration: '14m7.312345678s',
      nextSyncTime: '2026-07-02T10:30:00Z',
      lastManualSync: '',
      latestMoverStatus: { result: 'Successful', logs: 'snapshot 5e6f7a8b saved\nRestic completed in 9s' },
      restic: { lastPruned: '2026-07-01T10:14:07Z', lastUnlocked: 'once' },
    },
  },
  {
    title: 'what the other movers report',
    status: {
      rsyncTLS: { keySecret: 'psk' },
      rsync: { sshKeys: 'keys', address: 'host', port: 22 },
      external: { state: 'fine' },
      syncthing: {
        ID: 'AAAA',
        address: 'tcp://host:22000',
        peers: [
          { address: 'tcp://peer:22000', ID: 'BBBB', connected: true, name: 'b', introducedBy: 'CCCC' },
        ],
      },
    },
  },
];

/** Ours alone: VolSync's CRD prunes it. */
export const LAST_COPY_STATUS = {
  lastCopy: {
    consistency: 'proceeded',
    by: 'ada',
    trigger: 'trigger-1',
    askedTime: '2026-07-02T10:00:00Z',
    triggeredTime: '2026-07-02T10:03:10Z',
    cutTime: '2026-07-02T10:03:11Z',
    releasedTime: '2026-07-02T10:03:11Z',
    freeze: '1.25s',
  },
};

export const REFUSED_STATUSES = [
  { title: 'a time that is none', status: { lastSyncTime: 'yesterday' } },
  { title: 'a day without a time', status: { nextSyncTime: '2026-07-02' } },
  { title: 'a condition without message', status: { conditions: [{ ...WAITING, message: undefined }] } },
  { title: 'a condition without reason', status: { conditions: [{ ...WAITING, reason: '' }] } },
  { title: 'a reason of two words', status: { conditions: [{ ...WAITING, reason: 'Not yet' }] } },
  {
    title: 'a condition that is neither true nor false',
    status: { conditions: [{ ...WAITING, status: 'true' }] },
  },
  { title: 'a negative generation', status: { conditions: [{ ...WAITING, observedGeneration: -1 }] } },
  { title: 'an external state that is a number', status: { external: { state: 1 } } },
  { title: 'a peer that lacks connected', status: { syncthing: { peers: [{ address: 'a', ID: 'b' }] } } },
];
