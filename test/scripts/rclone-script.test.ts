// The rclone mover's script with a real rclone and remotes in a folder or on loopback, run as an ordinary user.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileTree } from './file-tree.ts';
import { withPasswordServer } from './rclone-server.ts';
import { prepareMover, removeMover, Volume } from './rclone-volume.ts';
import { jsonLines, until } from './restic-source.ts';

beforeAll(() => prepareMover(), 120_000);
afterAll(() => removeMover());

const REMOTE = 'remote/backups/orders';

describe.concurrent('the rclone mover', { timeout: 120_000 }, () => {
  it('carries the volume as VolSync does, with its permissions beside it', async () => {
    const volume = new Volume({ 'a/orders.csv': 'one order', 'lost+found/piece': 'of a file' });
    const { code, output } = await volume.mover('source');
    expect(code).toBe(0);
    expect(Object.keys(fileTree(volume.path(REMOTE)))).toEqual(['a', 'a/orders.csv', 'permissions.facl']);
    const permissions = readFileSync(volume.path(`${REMOTE}/permissions.facl`), 'utf8');
    expect(permissions).toMatch(/^# file: \.\/a\/orders\.csv\n# owner: \d+\n# group: \d+\nuser::rw-/m);
    expect(permissions).toMatch(/^# file: \.\n/m);
    expect(permissions).not.toContain('lost+found');
    expect(output).toMatch(/^Rclone completed in \d+s$/m);
  });

  it('brings back names, contents, modes, access lists and empty folders', async () => {
    const volume = new Volume({
      ' leading and trailing ': 'spaces',
      '# file: ./x': 'looks like a line of the list',
      'new\nline/7': 'newline',
      'back\\slash/\\012': 'backslashes',
      'zählung/größe': 'letters',
      'closed/for/good': 'text',
      'lost+found/piece': 'of a file',
    });
    volume.folder('data/empty');
    volume.folder('data/empty/too\n7');
    volume.folder('data/shared');
    await volume.start('setfacl', ['-dm', 'user:1234:rwx', volume.path('data/shared')]).outcome;
    chmodSync(volume.path('data/closed/for/good'), 0o000);
    chmodSync(volume.path('data/closed/for'), 0o555);
    chmodSync(volume.path('data/closed'), 0o500);
    chmodSync(volume.path('data/zählung'), 0o2750);
    chmodSync(volume.path('data/closed/for/good'), 0o400);
    expect(await volume.mover('source')).toMatchObject({ code: 0 });
    volume.putAside('saved');
    volume.write('extra/file', 'to be deleted');
    volume.write('lost+found/other', 'to be kept');
    const { code, output } = await volume.mover('destination');
    expect(code).toBe(0);
    expect(output).not.toMatch(/^(ERROR|NOTICE|User)/m);
    expect(jsonLines(output, 'summary')).toMatchObject([
      { files_deleted: 1 },
      { total_files_processed: 6, total_bytes_processed: 64 },
    ]);
    expect(existsSync(volume.path('data/lost+found/other'))).toBe(true);
    for (const folder of ['data', 'saved']) rmSync(volume.path(`${folder}/lost+found`), { recursive: true });
    expect(fileTree(volume.path('data'))).toEqual(fileTree(volume.path('saved')));
    expect(await volume.permissions('data')).toBe(await volume.permissions('saved'));
  });

  it('follows changes and deletions, also into folders that it has closed itself', async () => {
    const volume = new Volume({ 'closed/orders.csv': 'one order', 'old/file': 'text' });
    chmodSync(volume.path('data/closed'), 0o555);
    await volume.mover('source');
    volume.putAside('saved');
    expect(await volume.mover('destination')).toMatchObject({ code: 0 });
    expect(statSync(volume.path('data/closed')).mode & 0o777).toBe(0o555);
    const source = { MOUNT_PATH: volume.path('saved') };
    chmodSync(volume.path('saved/closed'), 0o755);
    writeFileSync(volume.path('saved/closed/orders.csv'), 'two order');
    writeFileSync(volume.path('saved/closed/new'), 'text');
    chmodSync(volume.path('saved/closed'), 0o555);
    rmSync(volume.path('saved/old'), { recursive: true });
    const { code, output } = await volume.mover('source', source);
    expect(code).toBe(0);
    expect(output).toMatch(/^Deleted: +1 \(files\), 1 \(dirs\)$/m);
    expect(await volume.mover('destination')).toMatchObject({ code: 0 });
    expect(fileTree(volume.path('data'))).toEqual(fileTree(volume.path('saved')));
  });

  it('lets a folder take the place of a file and a file that of a folder, on the remote and in the volume', async () => {
    const names = ['plain', 'a folder/*?[a]{b,c}', 'new\nline', ' spaces ', 'back\\slash'];
    const volume = new Volume({ keeps: 'text' });
    for (const name of names) {
      volume.write(`${name} was a file`, 'text');
      volume.write(`${name} was a folder/deep/within`, 'text');
    }
    expect(await volume.mover('source')).toMatchObject({ code: 0 });
    volume.folder('received');
    const received = { MOUNT_PATH: volume.path('received') };
    expect(await volume.mover('destination', received)).toMatchObject({ code: 0 });
    for (const name of names) {
      rmSync(volume.path(`data/${name} was a file`));
      volume.write(`${name} was a file/deep/within`, 'changed');
      rmSync(volume.path(`data/${name} was a folder`), { recursive: true });
      volume.write(`${name} was a folder`, 'changed');
    }
    for (const run of [() => volume.mover('source'), () => volume.mover('destination', received)]) {
      const { code, output } = await run();
      expect(code, output).toBe(0);
      expect(output).toMatch(/^NOTICE: 10 files or folders are in the way of folders or files/m);
    }
    expect(fileTree(volume.path('received'))).toEqual(fileTree(volume.path('data')));
  });

  it('deletes before it copies nothing but what is in the way, and what goes is kept where the Secret says so', async () => {
    const volume = new Volume({ kind: 'one', old: 'two' });
    await volume.mover('source');
    for (const name of ['kind', 'old']) rmSync(volume.path(`data/${name}`));
    volume.write('kind/within', 'text');
    volume.write('closed', 'cannot be read');
    chmodSync(volume.path('data/closed'), 0o000);
    const { code, output } = await volume.mover('source', { RCLONE_BACKUP_DIR: 'store:kept' });
    expect(code).toBe(1);
    expect(output.trimEnd().split('\n').at(-1)).toMatch(
      /^ERROR: rclone ended with exit code 1 \(.*permission denied/,
    );
    const left = Object.keys(fileTree(volume.path(REMOTE)));
    expect(left).toEqual(['kind', 'kind/within', 'old', 'permissions.facl']);
    expect(fileTree(volume.path('remote/kept'))).toEqual({ kind: '644 one' });
  });

  it('brings back empty folders from a bucket, which cannot hold any', async () => {
    const volume = new Volume();
    volume.folder('data/pg_notify');
    chmodSync(volume.path('data/pg_notify'), 0o700);
    await volume.mover('source');
    rmSync(volume.path(`${REMOTE}/pg_notify`), { recursive: true });
    volume.putAside('saved');
    expect(await volume.mover('destination')).toMatchObject({ code: 0 });
    expect(fileTree(volume.path('data'))).toEqual({ 'orders.csv': '644 one order', pg_notify: '700 folder' });
  });

  it('restores what VolSync has carried away', async () => {
    const volume = new Volume({});
    volume.folder(`${REMOTE}/a`);
    writeFileSync(volume.path(`${REMOTE}/a/orders.csv`), 'one order');
    const list =
      '# file: .\n# owner: root\n# group: root\nuser::rwx\ngroup::r-x\nother::r-x\n\n# file: a\n# owner: root\n' +
      '# group: root\nuser::rwx\ngroup::---\nother::---\n\n# file: a/orders.csv\n# owner: root\n# group: root\n' +
      'user::rw-\ngroup::---\nother::---\n\n# file: gone\n# owner: root\n# group: root\nuser::rwx\ngroup::---\nother::---\n';
    writeFileSync(volume.path(`${REMOTE}/permissions.facl`), list);
    const { code, output } = await volume.mover('destination');
    expect(code).toBe(0);
    expect(fileTree(volume.path('data'))).toEqual({ a: '700 folder', 'a/orders.csv': '600 one order' });
    expect(output).toMatch(/^User \d+ may not give away files: the owners of 3 are not restored$/m);
    expect(output).toMatch(
      /^ERROR: the permissions of 1 files are not restored, the first: .*gone: No such file/m,
    );
  });

  it('prints progress as it comes, and at the end what latestMoverStatus keeps', async () => {
    const volume = new Volume({ large: 'x'.repeat(3_000_000), small: 'y' });
    const { output } = await volume.mover('source', { RCLONE_BWLIMIT: '1M' });
    expect(jsonLines(output, 'status').length).toBeGreaterThanOrEqual(2);
    expect(jsonLines(output, 'status').at(-1)).toMatchObject({
      percent_done: 1,
      total_files: 2,
      files_done: 2,
      total_bytes: 3_000_001,
      bytes_done: 3_000_001,
    });
    expect(jsonLines(output, 'summary')).toMatchObject([
      { data_added: 3_000_001, files_transferred: 2, errors: 0 },
      { total_files_processed: 2, total_bytes_processed: 3_000_001 },
    ]);
    expect(output).toMatch(/^Transferred: +\t +2\.861 MiB \/ 2\.861 MiB, 100%/m);
    expect(output).toMatch(/^Transferred: +2 \/ 2, 100%$/m);
    expect(output).toMatch(/^Elapsed time: +\d/m);
    expect(output).not.toMatch(/large|small/);
    const again = await volume.mover('source');
    expect(again.output).toMatch(/^Checks: +2 \/ 2, 100%$/m);
    expect(jsonLines(again.output, 'summary')).toMatchObject([
      { data_added: 0, files_checked: 2 },
      { total_files_processed: 2 },
    ]);
  });

  it('says how many links it leaves out, and carries them when told to', async () => {
    const volume = new Volume();
    for (const name of ['first', 'second']) symlinkSync('nowhere', volume.path(`data/${name}`));
    const { code, output } = await volume.mover('source');
    expect(code).toBe(0);
    expect(output.match(/link/g)).toHaveLength(1);
    expect(output).toMatch(/^NOTICE: symbolic links are left out, 2 of them.*RCLONE_LINKS/m);
    expect(readdirSync(volume.path(REMOTE))).toEqual(['orders.csv', 'permissions.facl']);
    const links = { RCLONE_LINKS: 'true' };
    expect((await volume.mover('source', links)).output).not.toContain('left out');
    volume.putAside('saved');
    expect(await volume.mover('destination', links)).toMatchObject({ code: 0 });
    expect(fileTree(volume.path('data'))).toEqual(fileTree(volume.path('saved')));
  });

  it('empties the remote with the volume, as VolSync does, but says so', async () => {
    const volume = new Volume();
    await volume.mover('source');
    rmSync(volume.path('data/orders.csv'));
    const { code, output } = await volume.mover('source');
    expect(code).toBe(0);
    expect(output).toMatch(/^Directory is empty/m);
    expect(readdirSync(volume.path(REMOTE))).toEqual(['permissions.facl']);
    volume.write('orders.csv', 'to be deleted');
    expect(await volume.mover('destination')).toMatchObject({ code: 0 });
    expect(readdirSync(volume.path('data'))).toEqual([]);
  });

  it('does not pass over a change that leaves the size as it was, whatever the remote can compare', async () => {
    const volume = new Volume();
    const secret = (await volume.start('rclone', ['obscure', 'secret']).outcome).output;
    const crypt = `[store]\ntype = crypt\nremote = ${volume.path('remote')}\npassword = ${secret}\n`;
    await withPasswordServer(volume, async (section) => {
      for (const [configuration, said] of [
        [crypt, 'keeps no checksums'],
        [await section('right'), 'keeps neither checksums nor times'],
      ] as const) {
        volume.configure(configuration);
        volume.write('orders.csv', 'one order');
        await volume.mover('source');
        volume.write('orders.csv', 'two order');
        utimesSync(volume.path('data/orders.csv'), 1, 1);
        const { code, output } = await volume.mover('source');
        expect(code).toBe(0);
        expect(output).toContain(said);
        volume.write('orders.csv', 'three ord');
        expect(await volume.mover('destination')).toMatchObject({ code: 0 });
        expect(readFileSync(volume.path('data/orders.csv'), 'utf8')).toBe('two order');
      }
    });
  });

  it('gives rclone what the Secret says, and the authorities of its own', async () => {
    const volume = new Volume();
    mkdirSync(volume.path('tools'));
    const telling = '#!/bin/sh\necho "$RCLONE_CA_CERT $RCLONE_TRANSFERS $RCLONE_MAX_DELETE" >&2\nexit 7\n';
    writeFileSync(join(volume.path('tools'), 'rclone'), telling, { mode: 0o755 });
    const PATH = `${volume.path('tools')}:${volume.environment()['PATH']}`;
    const secret = { RCLONE_TRANSFERS: '3', RCLONE_MAX_DELETE: '7', CUSTOM_CA: '/customCA/ca.crt' };
    const { output } = await volume.mover('source', { PATH, ...secret });
    expect(output).toContain('/customCA/ca.crt 3 7\n');
  });
});

describe.concurrent('a stop of the rclone mover', { timeout: 120_000 }, () => {
  it('ends it at once, and the next run goes on', async () => {
    const volume = new Volume({ small: 'y', zlarge: 'x'.repeat(30_000_000) });
    const mover = volume.startMover('source', { RCLONE_BWLIMIT: '1M' });
    await mover.printed('"message_type":"status"');
    const stopped = performance.now();
    mover.signal('SIGTERM');
    const { code, output } = await mover.outcome;
    expect(performance.now() - stopped).toBeLessThan(20_000);
    expect(code).toBe(20);
    expect(output).toMatch(/^ERROR: stopped by a signal/m);
    expect(jsonLines(output, 'summary')).toHaveLength(1);
    expect(existsSync(volume.path(`${REMOTE}/permissions.facl`))).toBe(false);
    expect(await volume.mover('source')).toMatchObject({ code: 0 });
    expect(statSync(volume.path(`${REMOTE}/zlarge`)).size).toBe(30_000_000);
  });

  it('ends it at once while it still waits for the remote', async () => {
    const volume = new Volume();
    mkdirSync(volume.path('tools'));
    const hanging =
      '#!/bin/sh\ncase $1 in\nlistremotes) echo store: ;;\nlsf) touch "$TMPDIR/asked"; exec sleep 50 ;;\nesac\n';
    writeFileSync(volume.path('tools/rclone'), hanging, { mode: 0o755 });
    const PATH = `${volume.path('tools')}:${volume.environment()['PATH']}`;
    const mover = volume.startMover('source', { PATH });
    await until(() => existsSync(volume.path('tmp/asked')));
    const stopped = performance.now();
    mover.signal('SIGTERM');
    expect((await mover.outcome).code).toBe(20);
    expect(performance.now() - stopped).toBeLessThan(20_000);
  });
});
