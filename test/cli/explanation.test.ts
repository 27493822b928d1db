import { describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { explain } from '../../client/cli/explanation.ts';
import type { Facts, TemporalFacts } from '../../client/cli/explanation.ts';
import type { RunRecord } from '../../client/cli/run-record.ts';
import { viewSource } from '../../client/cli/source-view.ts';
import type { PendingStep } from '../../client/cli/temporal-side.ts';
import { ASKED, recorded, triggered, waitingWith } from './recorded-sources.ts';
import type { Recorded } from './recorded-sources.ts';

const NOW = ASKED + 90_000;
const HEALTHY: TemporalFacts = {
  schedule: { paused: false, next: [NOW + 600_000], starts: 3 },
  workers: 1,
  moverWorkers: 1,
};

function facts({ source, pvc }: Recorded, temporal: Facts['temporal'] = HEALTHY): Facts {
  return { source, pvc, view: viewSource(source, pvc), now: NOW, temporal, warnings: [] };
}

function running(step: Partial<PendingStep> & { name: string }, healthy = HEALTHY): TemporalFacts {
  const steps = [{ attempt: 1, unclaimed: false, ...step }];
  return { ...healthy, running: { id: 'r', look: { status: 'RUNNING', startedAt: ASKED, steps } } };
}

function withSpec({ source, pvc }: Recorded, spec: object): Recorded {
  return { source: { ...source, spec: { ...source.spec, ...spec } }, pvc };
}

const sentence = (what: Facts): string => explain(what).sentence;

describe('why a source is not synchronising', () => {
  it('is that nobody has set a trigger, with both ways on', () => {
    const told = explain(facts(recorded('waiting')));
    expect(told.sentence).toBe(
      'It has waited for the application for 90s: nobody has set a new copy-trigger on PersistentVolumeClaim data-pvc.',
    );
    expect(told.advice).toContain('kubectl stillpoint trigger -n shop data-pvc');
    expect(told.advice).toContain('kubectl stillpoint proceed -n shop test-rs --reason');
  });

  it('is that the promise behind the trigger has ended', () => {
    const late = waitingWith({ [A.copyTrigger]: 't1', [A.triggerValidUntil]: '2020-01-01T00:00:00Z' });
    expect(sentence(facts(late))).toContain('the promise behind it ended 2020-01-01 00:00:00');
    const standing = waitingWith({ [A.copyTrigger]: 't1' });
    expect(sentence(facts(standing))).toContain('no sync has accepted it yet');
  });

  it('is nothing while the application stands still, unless its deadline has passed', () => {
    const frozen = facts(triggered('t1', false));
    expect(sentence(frozen)).toMatch(/stands still until its image is cut, for 9m30s at most/);
    const stuck = explain({ ...frozen, now: ASKED + 3_600_000 });
    expect(stuck.sentence).toContain('neither worker nor guard is at work');
    expect(stuck.advice).toContain('Let the application go on by hand');
  });

  it('tells how far the mover is, and why it had to begin again', () => {
    const moving = triggered('t1', true);
    const progress = { phase: 'backup', percent: 50 };
    expect(sentence(facts(moving, running({ name: 'moveCopy', progress })))).toContain('50 %');
    const lastFailure = { reason: 'KubernetesError', message: 'no answer' };
    const retried = running({ name: 'moveCopy', attempt: 3, lastFailure });
    expect(sentence(facts(moving, retried))).toContain('attempt 3 of its step moveCopy');
    expect(sentence(facts(moving))).toMatch(/^It is synchronising/);
  });

  it('is that no worker asks for its steps, or for its movers', () => {
    const none = running({ name: 'takeCopy' }, { ...HEALTHY, workers: 0 });
    expect(sentence(facts(recorded('waiting'), none))).toContain('no worker asks Temporal for steps');
    const noMover = running({ name: 'moveCopy', unclaimed: true }, { ...HEALTHY, moverWorkers: 0 });
    const busy = running({ name: 'moveCopy' }, { ...HEALTHY, moverWorkers: 0 });
    expect(sentence(facts(triggered('t1', true), busy))).toContain('its copy is carried away');
    expect(sentence(facts(triggered('t1', true), noMover))).toContain('no worker asks Temporal for movers');
  });

  it('is that it is paused, in the source or by a person in Temporal', () => {
    const told = explain(facts(recorded('paused')));
    expect(told).toMatchObject({ advice: 'kubectl stillpoint resume -n shop test-rs' });
    const byPerson = { ...HEALTHY, schedule: { paused: true, note: 'holidays', next: [], starts: 1 } };
    expect(sentence(facts(recorded('idle'), byPerson))).toContain('in Temporal (holidays)');
  });

  it('is that its last sync failed, or was refused for its input', () => {
    const failed = explain(facts(recorded('failed')));
    expect(failed.sentence).toContain('was cancelled');
    expect(failed.advice).toContain('kubectl stillpoint sync -n shop test-rs');
    const record: RunRecord = { startedAt: ASKED, result: 'Refused', lines: [] };
    const refused = { ...HEALTHY, latest: { id: 'r', record } };
    expect(explain(facts(recorded('failed'), refused)).advice).toContain('tried again by itself');
  });

  it('is that its pvc is missing, that it is somebody else’s, or that it goes', () => {
    const { source } = recorded('idle');
    expect(sentence({ ...facts(recorded('idle')), pvc: undefined })).toContain('data-pvc does not exist');
    const { restic: _, ...spec } = source.spec ?? {};
    const foreign = { source: { ...source, spec: { ...spec, external: {} } }, pvc: recorded('idle').pvc };
    expect(sentence(facts(foreign))).toContain('hands it to somebody else');
    const gone = {
      source: { ...source, metadata: { ...source.metadata, deletionTimestamp: 'x', finalizers: ['a/b'] } },
      pvc: recorded('idle').pvc,
    };
    expect(sentence(facts(gone))).toContain('until its finalizers are gone (a/b)');
  });

  it('is that its times cannot be read, that no controller has seen it, or that Temporal is away', () => {
    const unreadable = withSpec(recorded('idle'), { trigger: { schedule: '61 0 * * *' } });
    expect(sentence(facts(unreadable))).toContain('Its times cannot be read');
    const unseen = { ...HEALTHY, schedule: undefined };
    expect(sentence(facts(recorded('idle'), unseen))).toContain('It has no schedule in Temporal');
    const away = { unreachable: 'Temporal at localhost:1 cannot be used' };
    expect(sentence(facts(recorded('idle'), away))).toContain('Temporal cannot be asked from here');
  });

  it('is nothing while the next one is due, its tag is answered, or a person starts the first one', () => {
    expect(sentence(facts(recorded('idle')))).toMatch(/^Nothing is wrong: .* due in 10m/);
    const answered = withSpec(recorded('idle'), { trigger: { manual: 'tag-1' } });
    const { source, pvc } = answered;
    const done = { source: { ...source, status: { ...source.status, lastManualSync: 'tag-1' } }, pvc };
    expect(sentence(facts(done))).toContain('its manual tag tag-1 has been answered');
    const fresh = recorded('fresh');
    expect(fresh.source.metadata.annotations).toMatchObject({ 'stillpoint.dev/first-sync': 'wait' });
    expect(sentence(facts(fresh))).toContain('keeps the first sync back');
  });

  it('rests on evidence: condition, annotations, schedule, workers, warnings', () => {
    const { evidence } = explain({
      ...facts(recorded('overdue')),
      warnings: ['one', 'two', 'three', 'four'],
    });
    const named = new Map(evidence);
    expect(named.get('condition')).toContain('SyncInProgress');
    expect(named.get(`pvc ${A.latestCopyStatus}`)).toBe('WaitingForTrigger');
    expect(named.get('schedule')).toBe('active, 3 syncs started');
    expect(evidence.filter(([what]) => what === 'warning')).toHaveLength(3);
    expect(JSON.stringify(evidence)).not.toContain('copy-window');
  });
});
