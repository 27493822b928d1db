import { describe, expect, it } from 'vitest';
import { isFurther, liveLine, newsIn, progressText } from '../../client/cli/live-view.ts';
import type { Sight } from '../../client/cli/live-view.ts';
import { createInk } from '../../client/cli/print/ink.ts';
import type { SourcePhase, SourceView } from '../../client/cli/source-view.ts';

const NOW = Date.parse('2026-07-02T10:00:00Z');
const INK = createInk(false);

function seen(phase: SourcePhase, more: Partial<SourceView> = {}): Sight {
  const view: SourceView = {
    namespace: 'shop',
    name: 'orders',
    pvc: 'data',
    mover: 'restic',
    copyMethod: 'Snapshot',
    next: undefined,
    phase,
    ...more,
  };
  return { view };
}

const GIB = 1024 ** 3;

describe('the bar of a mover', () => {
  it('shows how far, how much, how fast and how long', () => {
    const progress = {
      phase: 'backup',
      percent: 25,
      bytesDone: GIB,
      bytesTotal: 4 * GIB,
      bytesPerSecond: GIB / 10,
    };
    expect(progressText(progress)).toBe(
      '[######------------------] 25 %  1.0 GiB of 4.0 GiB  102 MiB/s  ETA 30s',
    );
  });

  it('takes the mover at its word about the time that is left', () => {
    expect(progressText({ phase: 'backup', percent: 99.9, secondsRemaining: 2 })).toBe(
      '[########################] 99 %  ETA 2.0s',
    );
  });

  it('says the phase alone where nothing else is known, and the attempt of a later one', () => {
    expect(progressText({ phase: 'forget', attempt: 2 })).toBe('forget  attempt 2');
    expect(progressText({ phase: 'scan', bytesDone: 5, bytesTotal: 0 })).toBe('scan  5 B of 0 B');
  });
});

describe('a running sync', () => {
  it('tells each phase once', () => {
    const waiting = seen('WaitingForTrigger');
    expect(newsIn(undefined, waiting)).toBe(
      'WaitingForTrigger   the application is asked, on PersistentVolumeClaim data',
    );
    expect(newsIn(waiting, waiting)).toBeUndefined();
    const frozen = seen('Frozen', { trigger: 'backup-1' });
    expect(newsIn(waiting, frozen)).toBe('Frozen              trigger backup-1');
    expect(newsIn(frozen, seen('Moving'))).toContain('the application is released');
    expect(newsIn(seen('Moving'), seen('Idle'))).toBeUndefined();
  });

  it('tells each failed attempt once, with its reason', () => {
    const step = {
      name: 'moveCopy',
      attempt: 2,
      unclaimed: false,
      lastFailure: { reason: 'MoverFailed', message: 'the repository is away' },
    };
    const moving = seen('Moving');
    const again = { ...moving, step };
    expect(newsIn(moving, again)).toBe('attempt 2, because of MoverFailed: the repository is away');
    expect(newsIn(again, again)).toBeUndefined();
  });

  it('shows the freeze running, with its bound', () => {
    const frozen = seen('Frozen', { since: NOW - 5_000, releaseBy: NOW + 60_000 });
    expect(liveLine(frozen, NOW, INK)).toBe(
      'Frozen              5s      the application stands still, for at most 60s more',
    );
  });

  it('says what a person may do while it waits, and when the next one is due while none runs', () => {
    expect(liveLine(seen('WaitingForTrigger', { since: NOW - 61_000 }), NOW, INK)).toContain(
      '61s     set copy-trigger: kubectl stillpoint trigger -n shop data',
    );
    expect(liveLine(seen('Idle', { next: NOW + 600_000 }), NOW, INK)).toContain('due in 10m');
  });

  it('is told after each tenth of the data where no line can live', () => {
    const at = (percent: number): Sight => ({
      ...seen('Moving'),
      step: { name: 'moveCopy', attempt: 1, unclaimed: false, progress: { phase: 'backup', percent } },
    });
    expect(isFurther(undefined, at(0))).toBe(true);
    expect(isFurther(at(11), at(19))).toBe(false);
    expect(isFurther(at(19), at(20))).toBe(true);
  });

  it('says that a step waits for a worker', () => {
    const step = { name: 'moveCopy', attempt: 1, unclaimed: true };
    expect(liveLine({ ...seen('Moving'), step }, NOW, INK)).toContain('moveCopy waits for a worker');
  });
});
