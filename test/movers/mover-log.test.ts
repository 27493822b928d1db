import { describe, expect, it } from 'vitest';
import { MoverLog } from '../../movers/mover-log.ts';
import { resticLog } from '../../movers/restic-log.ts';

function logOf(...lines: readonly string[]): MoverLog {
  const log = new MoverLog(resticLog('uploading'));
  for (const line of lines) log.read(line);
  return log;
}

describe('what is kept of a mover’s log', () => {
  it('is the summary and VolSync’s lines of a success', () => {
    const summary = {
      message_type: 'summary',
      snapshot_id: 'abc',
      total_bytes_processed: 9,
      total_files_processed: 1,
      data_added: 5,
    };
    const log = logOf('restic 0.18.0', JSON.stringify(summary), 'snapshot 5e6f7a8b saved', 'repacking');
    expect(log.moved()).toEqual({
      logs: 'snapshot 5e6f7a8b saved',
      snapshotId: 'abc',
      bytes: 9,
      files: 1,
      bytesAdded: 5,
    });
  });

  it('names what the owner should know of a success', () => {
    expect(logOf('ERROR: some files could not be read', 'snapshot 5e6f7a8b saved').moved().warning).toBe(
      'ERROR: some files could not be read',
    );
    expect(logOf('Directory is empty: /data holds no files').moved().warning).toMatch(/^Directory is empty/);
    expect(logOf('snapshot 5e6f7a8b saved').moved()).not.toHaveProperty('warning');
  });

  it('is never more than 1024 bytes, in whole lines from the end', () => {
    const log = logOf(...Array.from({ length: 500 }, (_, at) => `line ${at} ${'é'.repeat(100)}`));
    expect(Buffer.byteLength(log.tail())).toBeLessThanOrEqual(1024);
    expect(log.tail()).toMatch(/^line 49\d [^]*\nline 499 é{100}$/);
  });

  it('is the beginning of a line that is too long, whatever its characters', () => {
    const log = logOf(`Fatal: ${'é'.repeat(40_000)}`);
    expect(Buffer.byteLength(log.tail())).toBeLessThanOrEqual(1024);
    expect(log.tail()).toMatch(/^Fatal: é+…$/);
  });

  it('ends with the line that a sentence about a failure quotes', () => {
    const progress = JSON.stringify({ message_type: 'status', percent_done: 0.5 });
    expect(logOf('one', 'ERROR: two', progress, ' ').lastLine()).toBe('ERROR: two');
    expect(logOf().lastLine()).toBe('its log is empty');
  });

  it('is no line of progress: that goes to the heartbeat', () => {
    const log = new MoverLog(resticLog('uploading'));
    const line = JSON.stringify({
      message_type: 'status',
      percent_done: 0.5,
      bytes_done: 7,
      seconds_elapsed: 2,
    });
    expect(log.read(line)).toMatchObject({ percent: 50, bytesDone: 7, bytesPerSecond: 4 });
    expect(log.tail()).toBe('');
  });
});
