// The restore of the restic mover's entry script, with a real restic, run as an ordinary user.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileTree } from './file-tree.ts';
import {
  jsonLines,
  leaveLock,
  prepareMover,
  removeMover,
  Source,
  type Environment,
} from './restic-source.ts';

beforeAll(() => prepareMover(), 120_000);
afterAll(() => removeMover());

/** Saves the volume as VolSync's mover does, dated as told. */
async function saveAt(source: Source, time: string, options = '--host volsync'): Promise<void> {
  const script = `cd "$DATA_DIR" && exec restic backup ${options} --time '${time}' .`;
  const { code, errors } = await source.start('sh', ['-c', script], { TZ: 'UTC' }).outcome;
  expect(code, errors).toBe(0);
}

function text(source: Source): string | undefined {
  const path = source.path('data/orders.csv');
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

describe.concurrent('the restic mover restores', { timeout: 120_000 }, () => {
  it('names, contents, modes, access lists, links, empty folders and holes, as they were saved', async () => {
    const source = new Source({
      'a b/# c': 'space',
      'new\nline': 'newline',
      'zählung/größe': 'letters',
      'lost+found/piece': 'of a file',
    });
    mkdirSync(source.path('data/empty'), { mode: 0o555 });
    chmodSync(source.path('data/new\nline'), 0o640);
    symlinkSync('nowhere', source.path('data/link'));
    // Compared below whether or not this file system has access lists.
    await source.start('setfacl', ['-m', 'user:1234:r', source.path('data/new\nline')]).outcome;
    truncateSync(source.path('data/zählung/größe'), 5_000_000);
    expect(await source.mover(['backup'])).toMatchObject({ code: 0 });
    source.putAside('saved');
    const { code, output } = await source.mover(['restore']);
    expect(code).toBe(0);
    rmSync(source.path('saved/lost+found'), { recursive: true });
    expect(fileTree(source.path('data'))).toEqual(fileTree(source.path('saved')));
    const accessLists = await Promise.all(
      ['data', 'saved'].map(
        (folder) => source.start('getfacl', ['--omit-header', source.path(`${folder}/new\nline`)]).outcome,
      ),
    );
    expect(accessLists[0]).toEqual(accessLists[1]);
    expect(statSync(source.path('data/zählung/größe')).blocks).toBeLessThan(5000);
    const [saved] = await source.snapshots();
    expect(jsonLines(output, 'summary')).toMatchObject([
      { bytes_restored: 5_000_012 },
      { snapshot_id: saved?.id },
    ]);
    expect(output).toMatch(new RegExp(`^restoring snapshot ${saved?.id.slice(0, 8)} of 20`, 'm'));
    expect(output).toMatch(/^Restic completed in \d+s$/m);
  });

  it('the snapshot that restoreAsOf and previous choose', async () => {
    const source = new Source();
    await source.start('restic', ['init']).outcome;
    for (const [time, content] of [
      ['2020-01-01 12:00:00', 'first'],
      ['2021-01-01 12:00:00', 'second'],
      ['2022-01-01 12:00:00', 'third'],
    ] as const) {
      source.write('orders.csv', content);
      await saveAt(source, time);
    }
    await saveAt(source, '2023-01-01 12:00:00', '--host another');
    const chosen: [Environment, string | undefined][] = [
      [{}, 'third'],
      [{ SELECT_PREVIOUS: '1' }, 'second'],
      [{ SELECT_PREVIOUS: '2' }, 'first'],
      [{ SELECT_PREVIOUS: '9999' }, undefined],
      [{ RESTORE_AS_OF: '1980-01-01T00:00:00Z' }, undefined],
      [{ RESTORE_AS_OF: new Date().toISOString() }, 'third'],
      [{ RESTORE_AS_OF: '2021-06-01T00:00:00Z' }, 'second'],
      [{ RESTORE_AS_OF: '2021-06-01T00:00:00Z', SELECT_PREVIOUS: '1' }, 'first'],
      [{ RESTORE_AS_OF: '2021-01-01T14:00:00+02:00' }, 'second'],
      [{ RESTORE_AS_OF: '2021-01-01T12:59:59+01:00' }, 'first'],
    ];
    for (const [environment, content] of chosen) {
      rmSync(source.path('data/orders.csv'), { force: true });
      const { code, output } = await source.mover(['restore'], environment);
      expect(code).toBe(0);
      expect(text(source), JSON.stringify(environment)).toBe(content);
      const none = /^No eligible snapshots found.*\nNo data will be restored/m.test(output);
      expect(none).toBe(content === undefined);
    }
  });

  it('each of two snapshots that share a second', async () => {
    const source = new Source({ 'orders.csv': 'one' });
    await source.start('restic', ['init']).outcome;
    await saveAt(source, '2020-01-01 12:00:00');
    source.write('orders.csv', 'other');
    await saveAt(source, '2020-01-01 12:00:00');
    await source.mover(['restore'], { SELECT_PREVIOUS: '0' });
    const newest = text(source);
    await source.mover(['restore'], { SELECT_PREVIOUS: '1' });
    expect(new Set([newest, text(source)])).toEqual(new Set(['one', 'other']));
    expect((await source.mover(['restore'], { SELECT_PREVIOUS: '2' })).output).toContain('No eligible');
  });

  it('nothing from where no repository is, creates it, and says so', async () => {
    const source = new Source();
    const first = await source.mover(['restore']);
    expect(first.code).toBe(0);
    expect(first.output).toMatch(/^created restic repository/m);
    expect(first.output).toMatch(/^No data will be restored/m);
    const second = await source.mover(['restore']);
    expect(second.code).toBe(0);
    expect(second.output).not.toContain('created restic repository');
    expect(second.output).toMatch(/^No eligible snapshots found/m);
    expect(text(source)).toBe('one order');
  });

  it('beside what else is there, unless told to delete it; never what a file system has found', async () => {
    const source = new Source();
    await source.mover(['backup']);
    source.write('extra', 'text');
    source.write('orders.csv', 'damaged');
    source.write('lost+found/piece', 'of a file');
    expect(await source.mover(['restore'])).toMatchObject({ code: 0 });
    expect(readdirSync(source.path('data')).toSorted()).toEqual(['extra', 'lost+found', 'orders.csv']);
    expect(await source.mover(['restore'], { RESTORE_OPTIONS: '--delete' })).toMatchObject({ code: 0 });
    expect(readdirSync(source.path('data')).toSorted()).toEqual(['lost+found', 'orders.csv']);
    expect(existsSync(source.path('data/lost+found/piece'))).toBe(true);
    expect(text(source)).toBe('one order');
  });

  it('again into folders that its first restore has closed', async () => {
    const source = new Source({ 'closed/first': 'text' });
    chmodSync(source.path('data/closed'), 0o555);
    await source.mover(['backup']);
    source.putAside('saved');
    expect(await source.mover(['restore'])).toMatchObject({ code: 0 });
    expect(fileTree(source.path('data'))).toEqual(fileTree(source.path('saved')));
    chmodSync(source.path('data/closed'), 0o755);
    source.write('closed/second', 'text');
    chmodSync(source.path('data/closed'), 0o555);
    await source.mover(['backup']);
    mkdirSync(source.path('data/kept'), { mode: 0o555 });
    chmodSync(source.path('data/closed'), 0o755);
    rmSync(source.path('data/closed/second'));
    chmodSync(source.path('data/closed'), 0o555);
    expect(await source.mover(['restore'])).toMatchObject({ code: 0 });
    expect(fileTree(source.path('data/closed'))).toEqual({ first: '644 text', second: '644 text' });
    expect(statSync(source.path('data/closed')).mode & 0o777).toBe(0o555);
    expect(statSync(source.path('data/kept')).mode & 0o777).toBe(0o555);
  });
});

describe.concurrent('a restore of the restic mover', { timeout: 120_000 }, () => {
  it('reports progress, and leaves no lock when it is stopped', async () => {
    const source = new Source();
    writeFileSync(source.path('data/orders.csv'), randomBytes(6_000_000));
    await source.mover(['backup']);
    rmSync(source.path('data/orders.csv'));
    const mover = source.startMover(['restore'], { RESTORE_OPTIONS: '--limit-download 2000' });
    await mover.printed('"message_type":"status"');
    expect(source.locks()).toHaveLength(1);
    mover.signal('SIGTERM');
    const { code, output } = await mover.outcome;
    expect(code).toBe(14);
    expect(output).toMatch(/^ERROR: stopped by a signal/m);
    expect(jsonLines(output, 'status')[0]).toMatchObject({ total_bytes: 6_000_000, total_files: 1 });
    expect(source.locks()).toEqual([]);
  });

  it('answers 14 when the repository cannot give back a part', async () => {
    const source = new Source();
    await source.mover(['backup']);
    const contents = source.path('repository/data');
    rmSync(source.path('cache'), { recursive: true });
    mkdirSync(source.path('cache'), { mode: 0o777 });
    chmodSync(source.path('cache'), 0o777);
    for (const pack of readdirSync(contents, { recursive: true, encoding: 'utf8' }))
      if (statSync(join(contents, pack)).isFile()) rmSync(join(contents, pack));
    const { code, output } = await source.mover(['restore']);
    expect(code).toBe(14);
    expect(output).toMatch(/^ERROR: restore failed/m);
  });

  it('says so, and does not fail, when only owners could not be given back', async () => {
    const source = new Source();
    await source.mover(['backup']);
    mkdirSync(source.path('tools'));
    // What restic 0.18 says as root without the capability CHOWN.
    const error =
      '{"message_type":"error","error":{"message":"lchown /data/a: operation not permitted"},"item":"/a"}';
    const summary = '{"message_type":"summary","total_files":1,"files_restored":1,"bytes_restored":9}';
    const script = `#!/bin/sh\n[ "$1" = restore ] || exec ${source.program('restic')} "$@"\necho '${error}' >&2\necho '${summary}'\nexit 1\n`;
    writeFileSync(source.path('tools/restic'), script, { mode: 0o755 });
    const PATH = `${source.path('tools')}:${source.environment()['PATH']}`;
    const { code, output, errors } = await source.mover(['restore'], { PATH });
    expect(code).toBe(0);
    expect(output).toMatch(/^User \d+ may not give away files: the owners of 1 are not restored$/m);
    expect(errors).not.toContain('lchown');
  });

  it('says that the password is wrong, and that the repository is locked', async () => {
    const source = new Source({ 'large.bin': 'x'.repeat(20_000_000) });
    await source.mover(['backup']);
    expect(await source.mover(['restore'], { RESTIC_PASSWORD: 'tr0ub4dor' })).toMatchObject({ code: 12 });
    await leaveLock(source, ['check', '--read-data']);
    const { code, output } = await source.mover(['restore']);
    expect(code).toBe(11);
    expect(output).toMatch(/^ERROR: the repository is locked/m);
  });

  it('refuses a choice that it does not understand, before it does anything', async () => {
    const source = new Source();
    const time = await source.mover(['restore'], { RESTORE_AS_OF: 'last summer' });
    expect(time).toMatchObject({ code: 1 });
    expect(time.output).toMatch(/^ERROR: RESTORE_AS_OF is 'last summer', which is not a time/m);
    expect(await source.mover(['restore'], { SELECT_PREVIOUS: '-1' })).toMatchObject({ code: 1 });
    expect(existsSync(source.path('repository'))).toBe(false);
  });

  it('says that it cannot write to the volume', async () => {
    const source = new Source();
    chmodSync(source.path('data'), 0o555);
    const { code, output } = await source.mover(['restore']);
    expect(code).toBe(4);
    expect(output).toContain(`cannot write to ${source.path('data')}`);
  });
});
