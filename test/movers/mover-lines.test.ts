// What each mover's log tells: progress for heartbeats, what was moved, and the lines that VolSync keeps.
import { describe, expect, it } from 'vitest';
import { readJsonLine } from '../../movers/json-log.ts';
import { MoverLog } from '../../movers/mover-log.ts';
import { rcloneSource } from '../../movers/rclone.ts';
import { rsyncLog } from '../../movers/rsync-log.ts';
import { rsyncTlsSource } from '../../movers/rsync-tls.ts';

describe('a line of progress', () => {
  it.each([
    [
      '{"message_type":"status","percent_done":0.5,"total_bytes":10,"bytes_done":5,"total_files":4,"files_done":2,"seconds_elapsed":5,"seconds_remaining":5}',
      {
        percent: 50,
        bytesDone: 5,
        bytesTotal: 10,
        filesDone: 2,
        filesTotal: 4,
        bytesPerSecond: 1,
        secondsRemaining: 5,
      },
    ],
    [
      '{"message_type":"status","percent_done":0.25,"total_bytes":8,"bytes_restored":2,"total_files":4,"files_restored":1}',
      { percent: 25, bytesDone: 2, bytesTotal: 8, filesDone: 1, filesTotal: 4 },
    ],
  ])('of restic or rclone is %s', (line, progress) => {
    expect(readJsonLine(line, 'phase')).toEqual({
      kind: 'progress',
      progress: { phase: 'phase', ...progress },
    });
  });

  it.each([
    [
      '123456 45% 12.00MB/s 0:00:12 (xfr#5, to-chk=10/200)',
      12 * 1024 ** 2,
      { filesDone: 190, filesTotal: 200 },
    ],
    ['      1,234,567  45%    1.50kB/s    1:02:03', 1536, { secondsRemaining: 3723 }],
    ['115530 45% 292.25kB/s 0:00:00 (xfr#2579, ir-chk=1261/4061)', 299_264, { filesDone: 2800 }],
    ['32768 45% 0.00kB/s ??:??:??', 0, {}],
  ])('of rsync is %s', (line, bytesPerSecond, files) => {
    const read = rsyncLog('sending').readLine(line);
    expect(read).toMatchObject({
      kind: 'progress',
      progress: { phase: 'sending', percent: 45, bytesPerSecond, ...files },
    });
  });
});

describe('what was moved', () => {
  it('stands in rclone’s summary', () => {
    const log = new MoverLog(rcloneSource({}).log);
    log.read('{"message_type":"summary","data_added":7,"total_files_processed":3,"total_bytes_processed":9}');
    log.read('Transferred: 3 / 3, 100%');
    log.read('INFO: something else');
    log.read('Rclone completed in 2s');
    expect(log.moved()).toEqual({
      logs: 'Transferred: 3 / 3, 100%\nRclone completed in 2s',
      bytes: 9,
      files: 3,
      bytesAdded: 7,
    });
  });

  it('stands in rsync’s statistics, which VolSync keeps', () => {
    const log = new MoverLog(rsyncTlsSource({}).log);
    const lines = [
      'Number of files: 1,204 (reg: 1,200, dir: 4)',
      'sent 5000 bytes  received 35 bytes  335.33 bytes/sec',
      'total size is 12345  speedup is 1.00',
      'rsync completed in 3s',
    ];
    for (const line of lines) log.read(line);
    expect(log.moved()).toEqual({
      logs: lines.slice(1).join('\n'),
      bytes: 12_345,
      files: 1204,
      bytesAdded: 5000,
    });
  });

  it('is not told by stunnel: of a failure only what helps is kept', () => {
    const log = new MoverLog(rsyncTlsSource({}).log);
    for (const line of ['LOG5[ui]: Reading configuration', 'ERROR: the destination refuses the key'])
      log.read(line);
    expect(log.tail()).toBe('ERROR: the destination refuses the key');
  });
});
