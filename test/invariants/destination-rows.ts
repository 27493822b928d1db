// What syncs of destinations make, say and leave behind.
import { LABELS, runAnnotations } from '../../domain/names.ts';
import { asDestination, ownedBy } from '../../domain/ownership.ts';
import type { Rows } from './rows.ts';
import { OTHER_RUN, RUN, SyncStory } from './sync-story.ts';

const BACKUP = { namespace: 'shop', name: 'orders', uid: 'uid-of-backup' };
const RESTORE = RUN.replace('source/', 'destination/');
const READY = { readyToUse: true };

export const DESTINATION_ROWS: Rows = {
  '4 nobody stays asked, nor does a destination': {
    broken: [
      ['a sync that a status speaks of, and that has ended', () => said({ lastSyncStartTime: NOW }).closed()],
    ],
    kept: [
      ['a sync that a status speaks of, and that runs', () => said({ lastSyncStartTime: NOW })],
      [
        'a sync of a source of the same name that has ended',
        () => ended(said({ lastSyncStartTime: NOW }), RUN),
      ],
    ],
  },
  '6 only our own images': {
    broken: [
      ['an image that the sync of another made', () => image({}, OTHER_RUN)],
      ['an image that the sync of a source of the same name made', () => image({}, RUN)],
      ['an image that goes with its sync', () => image({ labels: { [LABELS.run]: '01234567' } })],
      ['an image labelled as a copy', () => image({ labels: { [LABELS.copyWindow]: 'w1' } })],
    ],
    kept: [['an image of the destination’s own sync', () => image()]],
  },
  '8 success means moved, and the image is ready': {
    broken: [
      ['success without a mover', () => said({}).write(...status({ lastSyncTime: NOW }))],
      ['an image that is not ready', () => image().write(...status(latest('image')))],
      [
        'an image that does not stand there',
        () => image({}, RESTORE, READY).write(...status(latest('other'))),
      ],
    ],
    kept: [
      ['an image that is ready', () => image({}, RESTORE, READY).write(...status(latest('image')))],
      [
        'an image that was ready in a stretch that nobody saw',
        () =>
          image()
            .interrupted('volumeSnapshots')
            .write(...status(latest('image'))),
      ],
    ],
  },
  '10 only the latest image stays': {
    broken: [
      [
        'an image of a sync that has failed',
        () =>
          said({})
            .write(...snapshot())
            .closed('FAILED'),
      ],
      [
        'the image of the sync before',
        () =>
          said({})
            .write(...snapshot({}, RESTORE, READY))
            .write(...status(latest('other')))
            .closed(),
      ],
    ],
    kept: [
      [
        'the latest image',
        () =>
          image({}, RESTORE, READY)
            .write(...status(latest('image')))
            .closed(),
      ],
      ['an image of a sync that runs', () => said({}).write(...snapshot())],
      [
        'an image that its owner keeps',
        () =>
          said({})
            .write(...snapshot({ labels: { [LABELS.doNotDelete]: '' } }))
            .closed(),
      ],
      [
        'an image that a PVC is filled from',
        () =>
          said({})
            .write(...snapshot({ ownerReferences: [owner(), { ...owner(), uid: 'prime' }] }))
            .closed(),
      ],
      [
        'an image whose destination is gone',
        () =>
          said({})
            .write(...snapshot())
            .write(...status({}, true))
            .closed(),
      ],
    ],
  },
};

const NOW = '2026-01-01T00:01:00Z';

type Writing = Parameters<SyncStory['write']>;

function said(fields: object): SyncStory {
  const story = new SyncStory();
  story.runs = [{ workflowId: RESTORE, startedAt: Date.parse('2026-01-01T00:00:00Z'), history: '' }];
  return story.write(...status(fields));
}

/** The same runs, and one more that has ended. */
function ended(story: SyncStory, workflowId: string): SyncStory {
  const at = Date.parse(NOW);
  const run = { workflowId, startedAt: at, history: '', closed: { at, status: 'COMPLETED' } };
  story.runs = [...story.runs, run];
  return story;
}

function image(...wish: Parameters<typeof snapshot>): SyncStory {
  return said({}).write(...snapshot(...wish));
}

function snapshot(metadata: object = {}, run = RESTORE, snapshotStatus: object = {}): Writing {
  const whole = {
    name: 'image',
    annotations: runAnnotations(run),
    ownerReferences: [owner()],
    managedFields: [{ manager: 'stillpoint-worker', fieldsV1: { 'f:spec': {} } }],
    ...metadata,
  };
  const spec = { source: { persistentVolumeClaimName: 'data' } };
  return ['volumeSnapshots', { metadata: whole, spec, status: snapshotStatus }];
}

function owner() {
  return ownedBy(asDestination(BACKUP));
}

function status(fields: object, gone = false): Writing {
  return ['destinations', { metadata: BACKUP, status: fields }, gone];
}

function latest(name: string): object {
  return { latestImage: { kind: 'VolumeSnapshot', name } };
}
