// The mover's entry script with a real restic and repositories in a folder, run as an ordinary user.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trixiePackages } from '../../tools/images/trixie-packages.ts';
import { run } from '../../tools/stack/shell.ts';
import { jsonLines, leaveLock, prepareMover, removeMover, Source, until } from './restic-source.ts';

beforeAll(() => prepareMover(), 120_000);
afterAll(() => removeMover());

const REFUSES = 'closed';
const SILENT = 'open';

describe.concurrent('the restic mover', { timeout: 120_000 }, () => {
  it('creates the repository and saves the volume in it as VolSync does', async () => {
    const source = new Source({ 'orders.csv': 'one order', 'lost+found/piece': 'of a file' });
    const { code, output } = await source.mover(['backup']);
    expect(code).toBe(0);
    const [snapshot] = await source.snapshots();
    expect(snapshot).toMatchObject({ hostname: 'volsync', paths: [source.path('data')] });
    const listing = await source.restic('ls', 'latest');
    expect(listing.output).toContain('orders.csv');
    expect(listing.output).not.toContain('lost+found');
    await source.restic('restore', 'latest', '--target', source.path('restored'));
    expect(readFileSync(source.path('restored/orders.csv'), 'utf8')).toBe('one order');
    expect(jsonLines(output, 'summary')).toMatchObject([
      { snapshot_id: snapshot?.id, total_files_processed: 1, total_bytes_processed: 9 },
    ]);
  });

  it('prints for people what latestMoverStatus keeps of a success', async () => {
    const source = new Source();
    const first = await source.mover(['backup']);
    expect(first.output).toMatch(/^created restic repository \w+ at /m);
    expect(first.output).toMatch(/^no parent snapshot found/m);
    expect(first.output).toMatch(/^Added to the repository: [\d.]+ K?i?B \([\d.]+ K?i?B stored\)$/m);
    expect(first.output).toMatch(/^processed 1 files, 9 B in 0:0\d$/m);
    expect(first.output).toMatch(/^snapshot [0-9a-f]{8} saved$/m);
    expect(first.output).toMatch(/^Restic completed in \d+s$/m);
    const [before] = await source.snapshots();
    const second = await source.mover(['backup']);
    expect(second.output).toContain(`using parent snapshot ${before?.id.slice(0, 8)}\n`);
  });

  it('forgets what the retention does not keep, and prunes it when asked', async () => {
    const source = new Source({ 'old.bin': 'x'.repeat(2_000_000) });
    await source.mover(['backup']);
    rmSync(source.path('data/old.bin'));
    source.write('new.txt', 'kept');
    const { code } = await source.mover(['backup', 'prune']);
    expect(code).toBe(0);
    expect(await source.snapshots()).toHaveLength(1);
    expect((await source.restic('check')).code).toBe(0);
    const contents = await source.restic('stats', '--mode', 'raw-data', '--json');
    expect(JSON.parse(contents.output).total_size).toBeLessThan(10_000);
  });

  it('keeps every snapshot where no retention is given', async () => {
    const source = new Source();
    for (let round = 0; round < 2; round += 1) await source.mover(['backup'], { FORGET_OPTIONS: '' });
    expect(await source.snapshots()).toHaveLength(2);
  });

  it('removes stale locks when asked, also before there is a repository', async () => {
    const source = new Source();
    expect(await source.mover(['unlock', 'backup'])).toMatchObject({ code: 0 });
    await leaveLock(source, ['backup', '/usr']);
    expect(await source.mover(['unlock', 'backup'])).toMatchObject({ code: 0 });
    expect(source.locks()).toEqual([]);
  });

  it('answers 20 when forget fails after the snapshot was saved, and can then forget alone', async () => {
    const source = new Source();
    await source.mover(['backup']);
    await leaveLock(source, ['backup', '/usr']);
    const { code, output } = await source.mover(['backup']);
    expect(code).toBe(20);
    expect(output).toMatch(/^ERROR: forget failed/m);
    expect(await source.snapshots()).toHaveLength(2);
    expect(await source.mover(['unlock', 'forget'])).toMatchObject({ code: 0 });
    expect(await source.snapshots()).toHaveLength(1);
  });

  it('answers 21 when prune fails, with the snapshot saved', async () => {
    const source = new Source();
    await source.mover(['backup']);
    await leaveLock(source, ['backup', '/usr']);
    const { code } = await source.mover(['backup', 'prune'], { FORGET_OPTIONS: '' });
    expect(code).toBe(21);
    expect(await source.snapshots()).toHaveLength(2);
  });

  it('says that the repository is locked, and how to unlock it', async () => {
    const source = new Source({ 'large.bin': 'x'.repeat(20_000_000) });
    await source.mover(['backup']);
    await leaveLock(source, ['check', '--read-data']);
    const { code, output } = await source.mover(['backup']);
    expect(code).toBe(11);
    expect(output).toMatch(/^ERROR: the repository is locked.*spec\.restic\.unlock/m);
  });

  it('says that the password is wrong, without ever printing one', async () => {
    const source = new Source();
    await source.mover(['backup']);
    const { code, output } = await source.mover(['backup'], { RESTIC_PASSWORD: 'tr0ub4dor' });
    expect(code).toBe(12);
    expect(output).toMatch(/^ERROR: the password is wrong.*\n$/m);
    expect(output).not.toMatch(/tr0ub4dor|correct horse/);
  });

  it('answers 3 for a repository that can be neither opened nor created', async () => {
    const source = new Source();
    mkdirSync(source.path('closed'), { mode: 0o555 });
    const { code, output } = await source.mover(['backup'], {
      RESTIC_REPOSITORY: source.path('closed/repository'),
    });
    expect(code).toBe(3);
    expect(output).toMatch(/^ERROR: the repository cannot be created/m);
  });

  it.each([
    ['refuses every connection', REFUSES],
    ['takes connections and says nothing', SILENT],
  ])('says that there is no answer from a store that %s, and creates nothing there', async (_, store) => {
    const source = new Source();
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    if (store === REFUSES) server.close();
    // Instead of a minute.
    source.standIn('timeout', 'shift 2; exec /usr/bin/timeout --foreground 6s "$@"');
    const { code, output, errors } = await source.mover(['backup'], {
      ...source.withStandIns(),
      RESTIC_REPOSITORY: `s3:http://127.0.0.1:${port}/bucket/orders`,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
    server.close();
    server.unref();
    expect(code).toBe(3);
    expect(output.trimEnd().split('\n').at(-1)).toMatch(
      /^ERROR: no answer from the repository, which cannot be opened \(restic's exit code 124\)/,
    );
    expect(output).not.toContain('created');
    expect(errors).toBe('');
  });

  it('creates the repository where the store says, again and again, that there is no such place', async () => {
    const source = new Source();
    const hint =
      'Fatal: unable to open config file: context canceled\\nIs there a repository at the following location?';
    const answer = 'Stat(<config/>) returned error, retrying after 1s: The specified bucket does not exist';
    const asked = `[ "$1" != snapshots ] || { printf '%s\\n${hint}\\n' '${answer}' >&2; exit 124; }`;
    source.standIn('restic', `${asked}; exec ${source.program('restic')} "$@"`);
    const { code, output } = await source.mover(['backup'], source.withStandIns());
    expect(code).toBe(0);
    expect(output).toMatch(/^created restic repository/m);
  });

  it('says last of all why it failed, whatever restic has said before', async () => {
    const source = new Source();
    await source.mover(['backup']);
    const { output, errors } = await source.mover(['backup'], { RESTIC_PASSWORD: 'tr0ub4dor' });
    expect(output).toMatch(/Fatal: wrong password.*\n(.*\n)*ERROR: the password is wrong.*\n$/);
    expect(errors).toBe('');
  });

  it('tags the snapshot with how its copy was made, and keeps one series of snapshots all the same', async () => {
    const source = new Source();
    const tags = async () => (await source.snapshots()).map(({ tags: own }) => own ?? []);
    await source.mover(['backup'], { CONSISTENCY: 'triggered' });
    expect(await tags()).toEqual([['stillpoint.dev/consistency=triggered']]);
    const { output } = await source.mover(['backup'], { CONSISTENCY: 'crash-consistent' });
    expect(output).toContain('using parent snapshot');
    expect(await tags()).toEqual([['stillpoint.dev/consistency=crash-consistent']]);
    await source.mover(['backup']);
    expect(await tags()).toEqual([[]]);
  });

  it('saves nothing of an empty volume, and says so', async () => {
    const source = new Source({ 'lost+found/piece': 'of a file' });
    const { code, output } = await source.mover(['backup', 'prune']);
    expect(code).toBe(0);
    expect(output).toContain('Directory is empty');
    expect(output).toContain('nothing to prune');
    expect(existsSync(source.path('repository'))).toBe(false);
  });

  it('does not take a volume that it cannot read for an empty one', async () => {
    const source = new Source();
    chmodSync(source.path('data'), 0o000);
    const { code, output } = await source.mover(['backup']);
    expect(code).toBe(4);
    expect(output).toContain(`cannot read ${source.path('data')}`);
  });

  it('saves the snapshot without the files that it cannot read, warns, and still forgets', async () => {
    const source = new Source({ readable: 'text', unreadable: 'text' });
    await source.mover(['backup']);
    chmodSync(source.path('data/unreadable'), 0o000);
    const { code, output } = await source.mover(['backup']);
    expect(code).toBe(0);
    expect(output).toMatch(/^ERROR: some files could not be read/m);
    expect(jsonLines(output, 'error')).toMatchObject([{ item: source.path('data/unreadable') }]);
    expect(await source.snapshots()).toHaveLength(1);
  });

  it('reports progress while it runs, and leaves no lock when it is stopped', async () => {
    const source = new Source();
    truncateSync(source.path('data/orders.csv'), 40_000_000_000);
    const mover = source.startMover(['backup']);
    await mover.printed('"message_type":"status"');
    expect(source.locks()).toHaveLength(1);
    mover.signal('SIGTERM');
    const { code, output } = await mover.outcome;
    expect(code).toBe(13);
    expect(output).toMatch(/^ERROR: stopped by a signal/m);
    expect(jsonLines(output, 'status')[0]).toMatchObject({ total_bytes: 40_000_000_000 });
    expect(source.locks()).toEqual([]);
  });

  it('is stopped at once while it still waits for the repository', async () => {
    const source = new Source();
    source.standIn('restic', '[ "$1" = snapshots ] || exit 0\ntouch "$TMPDIR/asked"\nexec sleep 50');
    const mover = source.startMover(['backup'], source.withStandIns());
    await until(() => existsSync(source.path('tmp/asked')));
    const stopped = performance.now();
    mover.signal('SIGTERM');
    expect((await mover.outcome).code).toBe(3);
    expect(performance.now() - stopped).toBeLessThan(20_000);
  });

  it('names the variables that its environment lacks', async () => {
    const { code, output } = await new Source().mover(['backup'], { RESTIC_PASSWORD: '', DATA_DIR: '' });
    expect(code).toBe(1);
    expect(output).toContain('RESTIC_PASSWORD DATA_DIR');
  });

  it('names an operation that it does not know, before it does anything', async () => {
    const source = new Source();
    const { code, output } = await source.mover(['backup', 'defrag']);
    expect(code).toBe(2);
    expect(output).toContain("unknown operation 'defrag'");
    expect(existsSync(source.path('repository'))).toBe(false);
  });

  it('gives the authorities of its own to restic and to rclone', async () => {
    const source = new Source({});
    source.standIn('restic', 'echo "$RESTIC_CACERT $RCLONE_CA_CERT"');
    const environment = { ...source.withStandIns(), CUSTOM_CA: '/customCA/ca.crt' };
    const { output } = await source.mover(['unlock'], environment);
    expect(output).toContain('/customCA/ca.crt /customCA/ca.crt\n');
  });

  it('does not let a debug session pass for a sync', async () => {
    const source = new Source();
    const mover = source.startMover(['backup'], { DEBUG_MOVER: '1' });
    await until(() => existsSync(source.path('tmp/exit-debug-if-removed')));
    expect(readFileSync(source.path('tmp/entry.sh'), 'utf8')).toContain('restic');
    rmSync(source.path('tmp/exit-debug-if-removed'));
    expect(await mover.outcome).toMatchObject({ code: 5 });
  });
});

const root = join(import.meta.dirname, '../..');

describe('shell scripts', () => {
  it('all pass shellcheck', { timeout: 120_000 }, async () => {
    const tools = await trixiePackages({ name: 'shellcheck', packages: ['shellcheck'] }, console.error);
    const files = (
      await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { folder: root })
    )
      .trim()
      .split('\n');
    const scripts = files.filter(
      (file) =>
        statSync(join(root, file), { throwIfNoEntry: false })?.isFile() === true &&
        /^#!.*\b(?:ba)?sh\n/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(scripts).toContain('images/mover/mover-restic/entry.sh');
    await run(join(tools, 'usr/bin/shellcheck'), scripts, { folder: root });
  });
});
