import { describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS } from '../../domain/copy-window.ts';
import {
  PlayedAgent,
  WAITING,
  aFrozenAgent,
  aPvc,
  aRestingAgent,
  answered,
  inProgress,
  standing,
} from './agent-fixtures.ts';

describe('one copy', () => {
  it('quiesces first, sets the trigger then, and lets go at the answer', () => {
    const agent = aRestingAgent();
    expect(agent.sees(WAITING)).toEqual(['quiesce']);
    expect(agent.hears({ kind: 'quiesced' }, 2_000)).toEqual(['setTrigger']);
    expect(agent.hears({ kind: 'triggerSet', pvc: aPvc(standing(agent.trigger)) })).not.toContain(
      'unquiesce',
    );
    expect(agent.sees(inProgress(agent.trigger, 60_000), 3_000)).not.toContain('unquiesce');
    expect(agent.sees(answered(agent.trigger, 'Completed'))).toEqual(['unquiesce']);
    expect(agent.hears({ kind: 'unquiesced' })).toEqual([]);
  });

  it('is let go at a Failed, too', () => {
    const agent = aFrozenAgent();
    expect(agent.sees(answered(agent.trigger, 'Failed'))).toEqual(['unquiesce']);
  });

  it('is let go when the next sync asks already, before the answer was seen', () => {
    const agent = aFrozenAgent();
    const next = { ...WAITING, [A.latestCopyTrigger]: agent.trigger, [A.copyTrigger]: agent.trigger };
    expect(agent.sees(next)).toEqual(['unquiesce']);
    expect(agent.hears({ kind: 'unquiesced' })).toEqual(['quiesce']);
  });

  it('promises to stand still for a little longer than its own deadline, and less than the margin', () => {
    const agent = aFrozenAgent({ holdMs: 30_000 });
    expect(agent.validUntil).toBeGreaterThan(30_000);
    expect(agent.validUntil).toBeLessThan(30_000 + MARGIN_MS);
  });
});

describe('nothing is quiesced', () => {
  it.each([
    ['when nobody asks', { [A.useCopyTrigger]: '' }],
    ['when the pvc did not opt in', { [A.latestCopyStatus]: 'WaitingForTrigger' }],
    ['when somebody else has set a trigger', { ...WAITING, [A.copyTrigger]: 'of a script' }],
    [
      'when the window is of another pvc, and came with a restore',
      { ...WAITING, [A.copyWindow]: JSON.stringify({ id: 'w', pvc: 'another', runs: ['r'] }) },
    ],
  ])('%s', (_, annotations) => {
    expect(aRestingAgent().sees(annotations)).toEqual([]);
  });

  it('while another pvc of the agent stands still', () => {
    const agent = aFrozenAgent({ pvcs: ['data', 'log'] });
    agent.hears({ kind: 'seen', pvc: aPvc({}, 'log') });
    expect(agent.hears({ kind: 'seen', pvc: aPvc(WAITING, 'log') })).not.toContain('quiesce');
    agent.sees(answered(agent.trigger, 'Completed'));
    expect(agent.hears({ kind: 'unquiesced' })).toEqual(['quiesce']);
  });
});

describe('a quiesce that comes to nothing', () => {
  it('is undone when it fails, and tried again after a pause that doubles', () => {
    const agent = aRestingAgent({ retryMs: 10_000 });
    agent.sees(WAITING);
    expect(agent.hears({ kind: 'quiesceFailed' })).toEqual(['unquiesce']);
    expect(agent.hears({ kind: 'unquiesced' })).toEqual([]);
    expect(agent.waitsUntil(9_999)).toEqual([]);
    expect(agent.waitsUntil(10_000)).toEqual(['quiesce']);
    agent.hears({ kind: 'quiesceFailed' });
    agent.hears({ kind: 'unquiesced' });
    expect(agent.waitsUntil(29_999)).toEqual([]);
    expect(agent.waitsUntil(30_000)).toEqual(['quiesce']);
  });

  it('is ended and undone when it takes too long', () => {
    const agent = aRestingAgent({ quiesceWithinMs: 30_000 });
    agent.sees(WAITING);
    expect(agent.waitsUntil(30_000)).toEqual(['abandon', 'unquiesce']);
    expect(agent.hears({ kind: 'quiesced' })).toEqual([]);
  });

  it('is ended and undone when the copy is not wanted any more', () => {
    const agent = aRestingAgent();
    agent.sees(WAITING);
    expect(agent.sees({ [A.useCopyTrigger]: '', [A.latestCopyStatus]: 'Failed' })).toEqual([
      'abandon',
      'unquiesce',
    ]);
  });

  it('sets no trigger when it ends so late that nobody would accept it', () => {
    const agent = aRestingAgent({ holdMs: 10_000, quiesceWithinMs: 30_000 });
    agent.sees(WAITING);
    expect(agent.hears({ kind: 'quiesced' }, 9_000)).toEqual(['unquiesce']);
  });
});

describe('setting the trigger', () => {
  it('is tried again on a conflict only after the pvc was seen to wait still', () => {
    const agent = aRestingAgent();
    agent.sees(WAITING);
    agent.hears({ kind: 'quiesced' });
    expect(agent.hears({ kind: 'triggerNotSet', why: 'conflict' })).toEqual(['look']);
    expect(agent.sees(WAITING)).toEqual(['setTrigger']);
  });

  it('is given up when the pvc waits no longer', () => {
    const agent = aRestingAgent();
    agent.sees(WAITING);
    agent.hears({ kind: 'quiesced' });
    agent.hears({ kind: 'triggerNotSet', why: 'conflict' });
    expect(agent.sees({ [A.useCopyTrigger]: '', [A.latestCopyStatus]: 'Failed' })).toEqual(['unquiesce']);
  });

  it('counts as done when the answer was lost and the trigger stands there', () => {
    const agent = aRestingAgent();
    agent.sees(WAITING);
    agent.hears({ kind: 'quiesced' });
    expect(agent.hears({ kind: 'triggerNotSet', why: 'unknown' })).toEqual(['look']);
    expect(agent.sees(inProgress(agent.trigger, 60_000))).not.toContain('setTrigger');
    expect(agent.state.phase.name).toBe('frozen');
  });

  it('is made once more when its answer was lost, also by an agent that is to stop: it may stand there', () => {
    const agent = aRestingAgent();
    const waiting = aPvc(WAITING);
    agent.hears({ kind: 'seen', pvc: waiting });
    agent.hears({ kind: 'quiesced' });
    agent.hears({ kind: 'triggerNotSet', why: 'unknown' });
    expect(agent.hears({ kind: 'stop' })).toEqual([]);
    expect(agent.hears({ kind: 'seen', pvc: waiting })).toEqual(['setTrigger']);
    expect(agent.hears({ kind: 'triggerSet', pvc: aPvc(standing(agent.trigger)) })).toContain('takeBack');
  });

  it('is looked after until the deadline when the API server has gone, and taken back when it is there again', () => {
    const agent = aRestingAgent({ holdMs: 10_000 });
    agent.sees(WAITING);
    agent.hears({ kind: 'quiesced' });
    agent.hears({ kind: 'triggerNotSet', why: 'unknown' });
    const done = agent.waitsUntil(10_000);
    expect(done.slice(0, -1).every((what) => what === 'look')).toBe(true);
    expect(done.at(-1)).toBe('unquiesce');
    agent.hears({ kind: 'unquiesced' });
    expect(agent.sees(standing(agent.trigger), 11_000)).toEqual(['takeBack']);
  });
});

describe('without an answer', () => {
  it('lets go at its own deadline, and takes back what nobody has accepted', () => {
    const agent = aFrozenAgent({ holdMs: 20_000 });
    expect(agent.waitsUntil(19_999)).not.toContain('unquiesce');
    expect(agent.waitsUntil(20_000)).toEqual(expect.arrayContaining(['unquiesce', 'takeBack']));
  });

  it('lets go when release-by has come, if that is sooner', () => {
    const agent = aFrozenAgent({ holdMs: 60_000 });
    agent.sees(inProgress(agent.trigger, 10_000), 1_000);
    expect(agent.waitsUntil(10_000 - MARGIN_MS)).not.toContain('unquiesce');
    expect(agent.waitsUntil(10_000)).toContain('unquiesce');
  });

  it('lets go when the API server is silent for longer than it is told to bear', () => {
    const agent = aFrozenAgent({ apiPatienceMs: 5_000 });
    expect(agent.waitsUntil(5_199)).not.toContain('unquiesce');
    expect(agent.waitsUntil(5_200)).toContain('unquiesce');
  });

  it('bears the silence of the API server until its deadline if it is told nothing', () => {
    const agent = aFrozenAgent({ holdMs: 60_000 });
    expect(agent.waitsUntil(59_999)).not.toContain('unquiesce');
    expect(agent.waitsUntil(60_000)).toContain('unquiesce');
  });

  it('lets go when somebody takes the trigger away, or the pvc', () => {
    expect(aFrozenAgent().sees(WAITING)).toContain('unquiesce');
    expect(aFrozenAgent().hears({ kind: 'gone', name: 'data' })).toEqual(['unquiesce']);
  });

  it('lets go and takes the trigger back when the application stands still no longer', () => {
    expect(aFrozenAgent().hears({ kind: 'freezeLost' })).toEqual(['unquiesce', 'takeBack']);
  });

  it('is not misled by a version that was read before its own write', () => {
    const agent = aRestingAgent();
    const old = aPvc(WAITING);
    agent.sees(WAITING);
    agent.hears({ kind: 'quiesced' });
    agent.hears({ kind: 'triggerSet', pvc: aPvc(standing(agent.trigger)) });
    expect(agent.hears({ kind: 'seen', pvc: old })).not.toContain('unquiesce');
  });
});

describe('the unquiesce', () => {
  it('is tried until it succeeds, and nothing is quiesced before', () => {
    const agent = aFrozenAgent();
    agent.sees(answered(agent.trigger, 'Completed'));
    for (let failures = 0; failures < 20; failures += 1) {
      agent.hears({ kind: 'unquiesceFailed' });
      agent.sees({ ...WAITING, [A.latestCopyTrigger]: agent.trigger });
      expect(agent.waitsUntil(agent.at + 10_000)).toEqual(['unquiesce']);
    }
    expect(agent.hears({ kind: 'unquiesced' })).toEqual(['quiesce']);
  });
});

describe('a restart', () => {
  it('unquiesces, whatever it finds', () => {
    expect(new PlayedAgent().sees({})).toEqual(['unquiesce']);
    expect(new PlayedAgent().sees(WAITING)).toEqual(['unquiesce']);
    expect(new PlayedAgent().hears({ kind: 'gone', name: 'data' })).toEqual(['unquiesce']);
  });

  it('unquiesces within seconds when the API server cannot be reached', () => {
    const agent = new PlayedAgent();
    agent.hears({ kind: 'wake' });
    expect(agent.waitsUntil(10_000)).toEqual(['unquiesce']);
  });

  it('takes back first what nobody has accepted, and unquiesces then', () => {
    const agent = new PlayedAgent();
    expect(agent.sees(standing('agent/earlier'))).toEqual(['look', 'takeBack']);
    expect(agent.hears({ kind: 'takenBack', pvc: aPvc(WAITING) })).toEqual(['unquiesce']);
  });

  it('unquiesces within seconds when it cannot be taken back', () => {
    const agent = new PlayedAgent();
    agent.sees(standing('agent/earlier'));
    agent.hears({ kind: 'notTakenBack', name: 'data' });
    expect(agent.waitsUntil(5_000)).toContain('unquiesce');
  });

  it('waits for the answer to what was accepted, until release-by, where the quiesce has outlived the agent', () => {
    const agent = new PlayedAgent();
    expect(agent.sees(inProgress('agent/earlier', 10_000))).not.toContain('unquiesce');
    expect(agent.waitsUntil(7_999)).not.toContain('unquiesce');
    expect(agent.waitsUntil(10_000)).toContain('unquiesce');
  });

  it('waits for nothing where the quiesce ended with the agent', () => {
    const agent = new PlayedAgent({ outlivesAgent: false });
    expect(agent.sees(inProgress('agent/earlier', 10_000))).toEqual(['unquiesce', 'takeBack']);
  });
});

describe('SIGTERM', () => {
  it('ends an agent at once that has nothing to undo', () => {
    expect(aRestingAgent().hears({ kind: 'stop' })).toEqual(['end']);
  });

  it('ends a quiesce, undoes it, and the agent', () => {
    const agent = aRestingAgent();
    agent.sees(WAITING);
    expect(agent.hears({ kind: 'stop' })).toEqual(['abandon', 'unquiesce']);
    agent.hears({ kind: 'quiesceFailed' });
    expect(agent.hears({ kind: 'unquiesced' })).toEqual(['end']);
  });

  it('takes back first what nobody has accepted, lets go then, and ends', () => {
    const agent = aFrozenAgent();
    expect(agent.hears({ kind: 'stop' })).toEqual(['takeBack']);
    expect(agent.hears({ kind: 'takenBack', pvc: aPvc(WAITING) })).toEqual(['unquiesce']);
    expect(agent.hears({ kind: 'unquiesced' })).toEqual(['end']);
  });

  it('waits for the answer to what was accepted, but not longer than its grace', () => {
    const agent = aFrozenAgent({ stopGraceMs: 20_000 });
    agent.sees(inProgress(agent.trigger, 60_000), 1_000);
    expect(agent.hears({ kind: 'stop' })).not.toContain('unquiesce');
    expect(agent.waitsUntil(20_999)).not.toContain('unquiesce');
    expect(agent.waitsUntil(21_000)).toContain('unquiesce');
  });
});
