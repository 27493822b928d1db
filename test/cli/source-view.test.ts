import { describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { createInk } from '../../client/cli/print/ink.ts';
import { renderTable } from '../../client/cli/print/table.ts';
import { viewSource } from '../../client/cli/source-view.ts';
import { statusData, statusTable } from '../../client/cli/status-table.ts';
import { ASKED, recorded, triggered, waitingWith } from './recorded-sources.ts';
import type { Recorded } from './recorded-sources.ts';

const view = ({ source, pvc }: Recorded) => viewSource(source, pvc);

describe('what a source does', () => {
  it('is said of a waiting one with since when, and of an overdue one so', () => {
    expect(view(recorded('waiting'))).toMatchObject({ phase: 'WaitingForTrigger', since: ASKED });
    expect(view(recorded('overdue')).phase).toBe('TriggerOverdue');
  });

  it('names the trigger that stands there unanswered', () => {
    expect(view(waitingWith({ [A.copyTrigger]: 't1' })).trigger).toBe('t1');
    expect(view(waitingWith({ [A.copyTrigger]: 't1', [A.latestCopyTrigger]: 't1' })).trigger).toBeUndefined();
  });

  it('is Frozen with its bound from the acceptance on, and Moving once it is answered', () => {
    const frozen = view(triggered('t1', false));
    expect(frozen).toMatchObject({ phase: 'Frozen', trigger: 't1', releaseBy: ASKED + 660_000 });
    expect(view(triggered('t1', true)).phase).toBe('Moving');
  });

  it('is Syncing without its pvc, for then nobody knows more', () => {
    expect(viewSource(recorded('waiting').source, undefined).phase).toBe('Syncing');
  });

  it('does not take the window of another source for its own', () => {
    const { source, pvc } = recorded('waiting');
    const other = { ...source, metadata: { ...source.metadata, name: 'other-rs' } };
    expect(viewSource(other, pvc).phase).toBe('Syncing');
  });

  it('is read from the status while no sync runs', () => {
    expect(view(recorded('idle'))).toMatchObject({ phase: 'Idle', consistency: 'proceeded' });
    expect(view(recorded('failed'))).toMatchObject({ phase: 'Failed' });
    expect(view(recorded('failed')).message).toMatch(/cancelled/);
    expect(view(recorded('fresh'))).toMatchObject({ phase: 'New', next: undefined });
    expect(view(recorded('paused'))).toMatchObject({ phase: 'Paused', next: 'paused' });
  });

  it('is somebody else’s where spec.external says so, and Deleting while its finalizers last', () => {
    const { source, pvc } = recorded('idle');
    const { restic: _, ...spec } = source.spec ?? {};
    const external = { ...source, spec: { ...spec, external: { provider: 'example.com/mover' } } };
    expect(viewSource(external, pvc).phase).toBe('Foreign');
    const deleted = {
      ...source,
      metadata: { ...source.metadata, deletionTimestamp: '2026-07-02T10:00:00Z' },
    };
    expect(viewSource(deleted, pvc).phase).toBe('Deleting');
  });
});

describe('the table of status', () => {
  const views = [recorded('waiting'), recorded('idle'), recorded('failed')].map(view);
  const options = { now: ASKED + 61_000, allNamespaces: true, wide: false };

  it('has a row for each source, as kubectl would show it', () => {
    const [head, ...rows] = renderTable(statusTable(views, options), createInk(false)).split('\n');
    expect(head).toMatch(/^NAMESPACE +NAME +PVC +PHASE +SINCE +LAST COPY +FREEZE +LAST SYNC +NEXT$/);
    expect(rows[0]).toMatch(/^shop +test-rs +data-pvc +WaitingForTrigger +61s +- +- +- +-$/);
    expect(rows[1]).toMatch(/^shop +test-rs +data-pvc +Idle /);
    expect(rows[2]).toMatch(/^shop +test-rs +data-pvc +Failed /);
  });

  it('names the mover and why it failed when it is wide, and no namespace within one', () => {
    const wide = statusTable(views, { ...options, wide: true, allNamespaces: false });
    expect(wide.heads[0]).toBe('NAME');
    expect(wide.heads).toContain('CONSISTENCY');
    expect(renderTable(wide, createInk(false))).toContain('restic');
  });

  it('gives programs times as RFC 3339 and durations in seconds', () => {
    const data = statusData(view(recorded('idle')));
    expect(data).toMatchObject({
      namespace: 'shop',
      phase: 'Idle',
      next: expect.stringMatching(/Z$/) as string,
    });
    expect(data['lastCopyTime']).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+Z$/);
    expect(typeof data['freezeSeconds']).toBe('number');
    expect(JSON.stringify(data)).not.toContain('NaN');
  });
});
