import { describe, expect, it } from 'vitest';
import {
  acceptedText,
  askedText,
  completedText,
  moverText,
  reportedText,
  workflowUrl,
} from '../../tools/demo/beats.ts';
import { farewell } from '../../tools/demo/farewell.ts';
import { bytes, createTeller, seconds, storyLine } from '../../tools/demo/story.ts';

const AT = new Date(2026, 10, 22, 9, 5, 3, 7);

describe('the story on the terminal', () => {
  it('has one line per beat, stamped with the time and milliseconds', () => {
    const line = storyLine({ at: AT, name: 'cut', text: 'the storage has fixed the image' });
    expect(line).toBe('09:05:03.007  cut                the storage has fixed the image');
  });

  it('is plain where nobody looks, and coloured on a terminal', () => {
    expect(told(false)).toEqual(['', '1. First', '09:05:03.007  cut                done', '   building']);
    expect(told(true).join('')).toContain('\u001b[');
  });

  it('shows commands that can be copied into a shell', () => {
    const lines: string[] = [];
    createTeller({ write: (line) => lines.push(line), coloured: false }).command(
      'kubectl annotate pvc data',
      'a=b',
    );
    const shell = lines.map((line) => line.trim().replace(/^\$ /, ''));
    expect(shell).toEqual(['kubectl annotate pvc data \\', 'a=b']);
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [5_242_880, '5.0 MiB'],
  ])('reads %i bytes as %s', (count, text) => expect(bytes(count)).toBe(text));

  it('gives durations in seconds, to the millisecond', () => expect(seconds(73_250)).toBe('73.250 s'));
});

describe('what the beats say', () => {
  it('tells that an answered trigger does not count any more', () => {
    const first = askedText('data-pvc', { 'volsync.backube/use-copy-trigger': '' });
    expect(first).toContain('data-pvc opted in');
    expect(askedText('data-pvc', { 'volsync.backube/copy-trigger': 'trigger-1' })).toContain(
      'although copy-trigger: trigger-1 stands there',
    );
  });

  it('names the deadline of the freeze', () => {
    const text = acceptedText('trigger-1', { 'stillpoint.dev/release-by': '2026-11-22T14:29:20Z' });
    expect(text).toBe(
      'trigger-1 is accepted; the application need not stand still beyond 2026-11-22T14:29:20Z',
    );
  });

  it('measures the freeze from the standstill to the answer', () => {
    const at = (milliseconds: number) => new Date(milliseconds);
    const frozen = { quiescedAt: at(1_000), triggeredAt: at(1_300), completedAt: at(1_550) };
    expect(completedText('trigger-1', frozen)).toBe(
      'trigger-1 is answered; freeze 0.550 s, of it 0.250 s from trigger to answer',
    );
  });

  it("passes on a mover's progress and the lines that matter, and drops the rest", () => {
    const progress = {
      message_type: 'status',
      percent_done: 0.5,
      total_bytes: 2048,
      bytes_done: 1024,
      total_files: 4,
    };
    expect(moverText(JSON.stringify(progress))).toBe('uploading 50.0 %: 1.0 KiB of 2.0 KiB, 0 of 4 files');
    expect(moverText('created restic repository 1a2b at s3:http://store/b')).toContain(
      'created restic repository',
    );
    expect(moverText('restic mover: backup')).toBeUndefined();
    expect(moverText('{"message_type":"summary","snapshot_id":"1a2b"}')).toBeUndefined();
  });

  it('reports bytes, snapshot, duration and freeze', () => {
    const moved = { snapshotId: '7e8f0a93faa9', bytes: 2031, files: 1, bytesAdded: 2367, durationMs: 4147 };
    const report = { copy: { freezeMs: 523 }, moved: { ...moved, logs: '', actions: [] } };
    expect(reportedText(report)).toBe(
      'snapshot 7e8f0a93: 2.0 KiB in 1 file, 2.3 KiB new, moved in 4.147 s, freeze 523ms',
    );
  });
});

describe('the last words', () => {
  const workflow = { id: 'source/test-ns/test-rs-2026-11-22T14:19:18Z', runId: '01a2' };
  const url =
    'http://ui/namespaces/default/workflows/source%2Ftest-ns%2Ftest-rs-2026-11-22T14%3A19%3A18Z/01a2/history';
  const parting = {
    syncs: [{ workflow }],
    temporalNamespace: 'default',
    logFolder: '/logs',
    pids: [11, 12],
    commands: { kubectl: 'kubectl --context kind', temporal: 'temporal' },
    setUpMs: 1,
    storyMs: 2,
  };

  it("lead to this very workflow in Temporal's UI", () => {
    expect(workflowUrl('http://ui', 'default', workflow)).toBe(url);
    expect(farewell({ ...parting, stack: 'demo', temporalUi: 'http://ui' }).join('\n')).toContain(url);
  });

  it('say how to stop: the stack, with worker and controller', () => {
    expect(farewell({ ...parting, stack: 'demo' }).at(-1)).toMatch(/npm run stack -- down$/);
    expect(farewell({ ...parting, stack: 'other' }).at(-1)).toMatch(/npm run stack -- down --name other$/);
  });

  it("say how to stop on one's own cluster: our processes and our namespace only", () => {
    const last = farewell(parting).at(-1);
    expect(last).toMatch(/kill 11 12; kubectl --context kind delete namespace test-ns$/);
  });
});

function told(coloured: boolean): readonly string[] {
  const lines: string[] = [];
  const tell = createTeller({ write: (line) => lines.push(line), coloured });
  tell.chapter('First');
  tell.beat('cut', 'done', AT);
  tell.say('building');
  return lines;
}
