// What may be written to the pvc, and when copies are made.
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { LABELS } from '../../domain/names.ts';
import type { Rows } from './rows.ts';
import { aFrozenSync, anAskedSync, aWholeSync, OTHER_RUN, RUN, SyncStory } from './sync-story.ts';

const other = () => new SyncStory();
const CUT_LATE = '2026-01-01T00:01:00Z';

export const WINDOW_ROWS: Rows = {
  '1 no early copy': {
    broken: [
      ['a copy while the application is only asked', () => anAskedSync().copy().trigger().accepted()],
      [
        'a copy for a window that was never opened',
        () =>
          other()
            .opted()
            .copy({ [LABELS.copyWindow]: 'w2' }),
      ],
      [
        'a copy without a window, though opted in',
        () =>
          other()
            .opted()
            .copy({ [LABELS.copyWindow]: undefined }),
      ],
      [
        'a copy that was not seen being made, while the window is asked even after it',
        () => anAskedSync().interrupted('pvcs').copy().annotate({}).trigger().accepted(),
      ],
    ],
    kept: [
      ['a copy after the acceptance', () => aFrozenSync().copy()],
      [
        'a copy whose acceptance nobody could see',
        () => anAskedSync().trigger().interrupted('pvcs').copy().accepted(),
      ],
      [
        'a copy without a window of a pvc that did not opt in',
        () =>
          other()
            .annotate({}, 'kubectl')
            .copy({ [LABELS.copyWindow]: undefined }),
      ],
      [
        'a copy without a window after its owner has opted out',
        () =>
          other()
            .opted()
            .annotate({ [A.useCopyTrigger]: null }, 'kubectl')
            .copy({ [LABELS.copyWindow]: undefined }),
      ],
    ],
  },
  '2 Completed is true': {
    broken: [
      ['Completed without a copy', () => aFrozenSync().answered()],
      ['Completed before the cut', () => aFrozenSync().copy().answered().cut()],
      [
        'Completed while another run of the window has no copy',
        () => {
          const runs = [RUN, OTHER_RUN];
          return anAskedSync().asked({ runs }).trigger().accepted({ runs }).copy().cut().answered({ runs });
        },
      ],
      [
        'Completed after release-by',
        () => anAskedSync().trigger().accepted({}, CUT_LATE).copy().cut().answered(),
      ],
      [
        'a copy of another window',
        () =>
          aFrozenSync()
            .cut({ [LABELS.copyWindow]: undefined })
            .answered(),
      ],
    ],
    kept: [
      ['Completed after the cut', () => aFrozenSync().copy().cut().answered()],
      ['a cut that was missed', () => aFrozenSync().copy().interrupted('volumeSnapshots').answered().cut()],
    ],
  },
  '3 one trigger, one window': {
    broken: [
      ['a window that asks again after it was answered', () => aWholeSync().asked()],
      ['a window that asks again after its acceptance', () => aFrozenSync().asked()],
      ['a window with two results', () => aWholeSync().answered({ result: 'Failed' })],
      ['a window that vanishes without an answer', () => anAskedSync().asked({ id: 'w2' })],
      ['a window that comes back', () => aWholeSync().answered({ id: 'w2' }).answered()],
      ['a trigger accepted again', () => aWholeSync().accepted({ id: 'w2' })],
      ['a trigger accepted that does not stand there', () => anAskedSync().trigger('t2').accepted()],
      ['a freeze that nobody has allowed', () => anAskedSync().accepted({ trigger: undefined })],
      ['an answer to another trigger', () => aFrozenSync().trigger('t2').copy().cut().answered({}, 't2')],
      ['an answer that was never a trigger', () => anAskedSync().annotate({ [A.latestCopyTrigger]: 't0' })],
    ],
    kept: [
      [
        'a trigger that its owner has set anew',
        () => aWholeSync().trigger('t2').trigger().accepted({ id: 'w2' }),
      ],
      [
        'a trigger accepted again in a stretch that nobody saw',
        () => aWholeSync().interrupted('pvcs').accepted({ id: 'w2' }),
      ],
      ['a freeze that a person has allowed', () => anAskedSync().accepted({ trigger: undefined, by: 'ada' })],
      [
        'another pvc’s window, restored with its annotations',
        () => other().opted().asked({ pvc: 'elsewhere' }).asked(),
      ],
      ['a trigger that was changed while frozen', () => aFrozenSync().trigger('t2').copy().cut().answered()],
    ],
  },
  '4 nobody stays asked': {
    broken: [
      ['an open window of a sync that was terminated', () => anAskedSync().closed('TERMINATED')],
      ['a frozen window of a sync that has failed', () => aFrozenSync().closed('FAILED')],
      ['a status of a sync that has ended', () => aWholeSync().status({ lastSyncStartTime: CUT_LATE })],
      [
        'an open window of a sync that had failed before its namespace went',
        () => anAskedSync().closed('FAILED').namespaceGoes(),
      ],
      [
        'an open window of a sync that was terminated long before its namespace went',
        () => anAskedSync().closed('TERMINATED').namespaceGoes(90),
      ],
    ],
    kept: [
      ['an open window of a sync that waits', () => anAskedSync()],
      ['a sync that ended because its namespace goes', () => anAskedSync().namespaceGoes().closed('FAILED')],
      [
        'a sync that was terminated just before its namespace went',
        () => anAskedSync().closed('TERMINATED').namespaceGoes(),
      ],
    ],
  },
  '5 the user’s keys are the user’s': {
    broken: [
      ['copy-trigger written by us', () => anAskedSync().annotate({ [A.copyTrigger]: 't1' })],
      ['use-copy-trigger written by us', () => other().annotate({ [A.useCopyTrigger]: '' })],
      [
        'copy-trigger removed together with an answer',
        () => {
          const story = aFrozenSync().copy().cut();
          return story.annotate({ [A.copyTrigger]: null, [A.quiescedAt]: null, [A.waitingSince]: 'x' });
        },
      ],
    ],
    kept: [
      [
        'copy-trigger removed by its owner',
        () => aWholeSync().annotate({ [A.copyTrigger]: null }, 'kubectl'),
      ],
    ],
  },
  '11 every freeze is measured and bounded': {
    broken: [
      [
        'a freeze without a bound',
        () =>
          anAskedSync()
            .trigger()
            .window({ trigger: 't1' }, { [A.latestCopyStatus]: 'InProgress' }),
      ],
      ['a bound that moves later', () => aFrozenSync().accepted()],
      [
        'a sync that ended well and never told its freeze',
        () => aFrozenSync().copy().cut().answered().moved().reported({ lastCopy: {} }).removed().closed(),
      ],
    ],
    kept: [['a sync that told its freeze', aWholeSync]],
  },
};
