// What syncs make, say and leave behind.
import { crc32, LABELS } from '../../domain/names.ts';
import type { Rows } from './rows.ts';
import { aFrozenSync, aWholeSync, OTHER_RUN, SyncStory } from './sync-story.ts';

const other = () => new SyncStory();
const QUOTED = 'say "open"';
const JSON_IN_JSON = JSON.stringify({ data: JSON.stringify({ logs: QUOTED }) });

export const OBJECT_ROWS: Rows = {
  '6 only our own copies': {
    broken: [
      ['a copy labelled for another source', () => aFrozenSync().copy({ [LABELS.cleanup]: 'another' })],
      ['a copy labelled for another run', () => aFrozenSync().copy({ [LABELS.run]: crc32(OTHER_RUN) })],
      [
        'a copy relabelled for this window',
        () =>
          aFrozenSync()
            .copy({ [LABELS.copyWindow]: undefined })
            .copy(),
      ],
      ['a copy of a run that the window never named', () => aFrozenSync().copy({}, {}, OTHER_RUN)],
      [
        'a pvc restored from another window’s copy',
        () =>
          aFrozenSync()
            .copy()
            .restored({ [LABELS.copyWindow]: undefined }),
      ],
      ['a mover on another run’s copy', () => aFrozenSync().copy().restored().job({}, { run: OTHER_RUN })],
    ],
    kept: [['a mover on its own copy', () => aFrozenSync().copy().restored().job()]],
  },
  '7 one mover per source at a time': {
    broken: [
      [
        'two that run at once',
        () => other().mover({ running: {} }).mover({ running: {} }, { name: 'mover-2' }),
      ],
    ],
    kept: [
      ['one after the other', () => other().moved().mover({ running: {} }, { name: 'mover-2' })],
      [
        'one after the other was removed',
        () =>
          other()
            .mover({ running: {} })
            .mover({}, { gone: true })
            .mover({ running: {} }, { name: 'mover-2' }),
      ],
      [
        'movers of two sources',
        () => {
          const labels = { [LABELS.cleanup]: 'another' };
          return other().mover({ running: {} }).mover({ running: {} }, { name: 'mover-2', labels });
        },
      ],
    ],
  },
  '8 success means moved': {
    broken: [
      ['success without a mover', () => other().status({}).reported()],
      ['success after a mover that failed', () => other().status({}).moved(1).reported()],
      ['two successes by one mover', () => other().status({}).moved().reported().reported()],
      [
        'success before the mover has ended',
        () => other().status({}).mover({ running: {} }).reported().moved(),
      ],
    ],
    kept: [
      ['success after a mover', () => other().status({}).moved().reported()],
      [
        'success after a mover that could only not forget old snapshots',
        () => other().status({}).moved(20).reported(),
      ],
      [
        'success by a pod that nobody saw end, as its Job says',
        () => other().status({}).job({ succeeded: 1 }).reported(),
      ],
      ['success in a stretch that nobody saw', () => other().status({}).interrupted('pods').reported()],
    ],
  },
  '9 no secret leaves its Secret': {
    broken: [
      ['in a status', () => withSecret().status({ latestMoverStatus: { logs: 'it is hunter-22' } })],
      ['in an event', () => withSecret().write('events', { metadata: {}, note: 'it is hunter-22' })],
      [
        'as Kubernetes carries bytes',
        () => withSecret().status({ logs: Buffer.from('hunter-22').toString('base64') }),
      ],
      ['in a history', () => inHistory(withSecret(), '{"payload":"{\\"a\\":\\"hunter-22\\"}"}')],
      ['in a history, where JSON stands in JSON', () => inHistory(withSecret('PSK', QUOTED), JSON_IN_JSON)],
      ['in a log', () => inLog(withSecret(), 'it is hunter-22')],
      [
        'the login in an address',
        () => inLog(withSecret('RESTIC_REPOSITORY', 'rest:http://me:pass@there/'), 'me:pass'),
      ],
    ],
    kept: [
      ['nowhere', () => inLog(withSecret(), 'it is hunter-2')],
      ['a value too short to be one', () => inLog(withSecret('RESTIC_COMPRESSION', 'auto'), 'auto')],
      [
        'an address',
        () => inLog(withSecret('RESTIC_REPOSITORY', 's3:http://there/'), 'created at s3:http://there/'),
      ],
    ],
  },
  '10 nothing left behind': {
    broken: [
      ['a copy of a sync that has ended', () => aWholeSync().copy()],
      ['a Job of a sync that has ended', () => other().job().closed()],
      [
        'a mover’s pod of a sync that has ended',
        () =>
          other()
            .mover({ terminated: { exitCode: 0 } })
            .closed('FAILED'),
      ],
      [
        'a Job when the namespace went after the end of its sync',
        () => other().job().closed().namespaceGoes(),
      ],
    ],
    kept: [
      ['a copy of a sync that runs', () => aFrozenSync().copy()],
      ['a copy that is to be kept', () => aWholeSync().copy({ [LABELS.doNotDelete]: '' })],
      ['a Job of a sync that ended with its namespace', () => other().job().namespaceGoes().closed()],
    ],
  },
};

function withSecret(key = 'RESTIC_PASSWORD', value = 'hunter-22'): SyncStory {
  const story = new SyncStory();
  story.secrets.push({ name: `Secret restic-secret, key ${key}`, value });
  return story;
}

function inLog(story: SyncStory, line: string): SyncStory {
  story.logs.push({ program: 'worker', line });
  return story;
}

function inHistory(story: SyncStory, history: string): SyncStory {
  story.runs = story.runs.map((run) => ({ ...run, history }));
  return story;
}
