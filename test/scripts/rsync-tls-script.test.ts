// The two scripts of the mover rsync-tls with real rsync and stunnel, each side in its container.
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Container, freePort, privileged } from './rsync-container.ts';
import { prepareImage, removeImage } from './rsync-image.ts';
import { knock, psk, tlsPair } from './rsync-pair.ts';
import { until } from './restic-source.ts';
import { fillVolume, volumeContents, writeSparse } from './rsync-volume.ts';

beforeAll(() => prepareImage(), 300_000);
afterAll(() => removeImage());

const progress = /^\d+ \d{1,3}% \d+\.\d\d[kMG]?B\/s \d+:\d\d:\d\d( \(xfr#\d+, (to|ir)-chk=\d+\/\d+\))?$/gm;

describe.concurrent('the rsync-tls mover', { timeout: 180_000 }, () => {
  it('carries contents, modes, owners, times and every kind of link and name', async () => {
    const pair = tlsPair();
    fillVolume(pair.source.data, 1234);
    chmodSync(pair.source.data, 0o700);
    chownSync(pair.source.data, 1234, 1234);
    const { sent, received } = await pair.sync();
    expect(sent).toMatchObject({ code: 0 });
    expect(received).toMatchObject({ code: 0 });
    expect(volumeContents(pair.destination.data)).toEqual(volumeContents(pair.source.data));
    expect(existsSync(join(pair.destination.data, 'lost+found'))).toBe(false);
    expect(lstatSync(join(pair.destination.data, '#hash')).blocks).toBeLessThan(100);
    expect(lstatSync(pair.destination.data)).toMatchObject({ mode: 0o40755, uid: 0, gid: 0 });
  });

  it('prints for people what latestMoverStatus keeps of a success', async () => {
    const pair = tlsPair();
    writeFileSync(join(pair.source.data, 'orders.csv'), 'one order');
    const { sent, received } = await pair.sync();
    expect(sent.output).toMatch(/^Number of files: \d+ \(reg: 1/m);
    expect(sent.output).toMatch(/^sent \d+ bytes {2}received \d+ bytes {2}[\d.]+ bytes\/sec$/m);
    expect(sent.output).toMatch(/^total size is 9 {2}speedup is [\d.]+$/m);
    expect(sent.output).toMatch(/^rsync completed in \d+s$/m);
    expect(received.output).toMatch(/^rsync completed in \d+s$/m);
  });

  it('makes the destination equal again after anything changed at the source', async () => {
    const pair = tlsPair();
    const [source, destination] = [pair.source.data, pair.destination.data];
    fillVolume(source);
    await pair.sync();
    mkdirSync(join(destination, 'lost+found'));
    rmSync(join(source, 'deep', '.hidden'), { recursive: true });
    rmSync(join(source, 'plain'));
    rmSync(join(source, 'empty'), { recursive: true });
    writeFileSync(join(source, 'empty'), 'now a file');
    rmSync(join(source, 'deep'), { recursive: true });
    symlinkSync('empty', join(source, 'deep'));
    rmSync(join(source, 'relative'));
    symlinkSync('elsewhere', join(source, 'relative'));
    const { sent, received } = await pair.sync();
    expect([sent.code, received.code]).toEqual([0, 0]);
    expect(volumeContents(destination)).toEqual(volumeContents(source));
    expect(existsSync(join(destination, 'lost+found'))).toBe(true);
  });

  it('gives symlinks their targets also after an attempt that was cut off', async () => {
    const pair = tlsPair();
    symlinkSync('/etc/passwd', join(pair.source.data, 'link'));
    symlinkSync('/rsyncd-munged//etc/passwd', join(pair.destination.data, 'link'));
    expect((await pair.sync()).received.code).toBe(0);
    expect(readlinkSync(join(pair.destination.data, 'link'))).toBe('/etc/passwd');
  });

  it('carries all but owners as an ordinary user without any rights', async () => {
    const pair = tlsPair({ rights: 'nobody' });
    fillVolume(pair.source.data, 65534);
    rmSync(join(pair.source.data, 'lost+found'), { recursive: true });
    mkdirSync(join(pair.source.data, 'lost+found'), { mode: 0o700 });
    mkdirSync(join(pair.destination.data, 'lost+found'), { mode: 0o700 });
    // As Kubernetes gives a volume to a group.
    chownSync(pair.destination.data, 0, 65534);
    chmodSync(pair.destination.data, 0o2775);
    for (let round = 0; round < 2; round += 1) {
      const { sent, received } = await pair.sync();
      expect([sent.code, received.code], sent.output).toEqual([0, 0]);
      expect(volumeContents(pair.destination.data)).toEqual(volumeContents(pair.source.data));
    }
  });

  it('takes files of other users over as the ordinary user, without calling that a failure', async () => {
    const pair = tlsPair({ rights: 'nobody' });
    writeFileSync(join(pair.source.data, 'of-root'), 'readable by all');
    const { sent } = await pair.sync();
    expect(sent.code, sent.output).toBe(0);
    expect(lstatSync(join(pair.destination.data, 'of-root')).uid).toBe(65534);
  });

  it('keeps access control lists', async () => {
    const pair = tlsPair();
    writeFileSync(join(pair.source.data, 'file'), 'text');
    expect(await pair.source.shell('setfacl -m u:1234:rw,g:77:r /data/file')).toMatchObject({ code: 0 });
    await pair.sync();
    const { output } = await pair.destination.shell('getfacl -n /data/file');
    expect(output).toContain('user:1234:rw-');
    expect(output).toContain('group:77:r--');
  });

  it('empties the destination when the source is empty, and says so', async () => {
    const pair = tlsPair();
    writeFileSync(join(pair.destination.data, 'old'), 'text');
    mkdirSync(join(pair.source.data, 'lost+found'));
    const { sent, received } = await pair.sync();
    expect([sent.code, received.code]).toEqual([0, 0]);
    expect(sent.output).toContain('Directory is empty');
    expect(volumeContents(pair.destination.data)).toEqual({});
  });

  it('reports progress in lines that a program can read, about one a second', async () => {
    const pair = tlsPair();
    for (let file = 0; file < 2000; file += 1) writeFileSync(join(pair.source.data, `${file}`), `${file}`);
    const { sent } = await pair.sync();
    const lines = sent.output.match(progress) ?? [];
    const seconds = Number(/completed in (\d+)s/.exec(sent.output)?.[1]);
    expect(lines.at(-1)).toMatch(/ 100% .*xfr#2000, to-chk=0\/\d+\)$/);
    expect(lines.length).toBeLessThanOrEqual(seconds + 3);
    expect(sent.output).not.toContain('\r');
  });

  it('is refused at once with another key, and the server goes on waiting for the right one', async () => {
    const pair = tlsPair();
    const server = await pair.receive();
    const key = readFileSync(pair.source.path('keys/psk.txt'), 'utf8');
    for (const wrong of [psk(), psk('somebody')]) {
      writeFileSync(pair.source.path('keys/psk.txt'), wrong);
      const { code, output } = await pair.send({ RETRY_DELAYS: '9 9 9 9' }).outcome;
      expect(code).toBe(7);
      expect(output).toMatch(/^ERROR: the destination at .* refuses the key in \/keys\/psk\.txt/m);
      expect(output).not.toMatch(/Attempt failed|completed/);
      expect(output).not.toContain(wrong.slice(-20));
    }
    writeFileSync(pair.source.path('keys/psk.txt'), key);
    expect(await pair.send().outcome).toMatchObject({ code: 0 });
    expect(await server.outcome).toMatchObject({ code: 0 });
  });

  it.each(['volsync', 'volsync:', 'volsync:abcd', 'volsync:' + 'x'.repeat(64), ''])(
    'refuses the malformed key "%s" on both sides',
    async (key) => {
      const environment = { PRIVILEGED_MOVER: '1', DESTINATION_ADDRESS: '127.0.0.1' };
      for (const script of ['client', 'server']) {
        const side = new Container(privileged, { 'psk.txt': key });
        const { code, output } = await side.script(`/mover-rsync-tls/${script}.sh`, environment).outcome;
        expect(code).toBe(2);
        expect(output).toContain('ERROR: malformed: /keys/psk.txt');
      }
    },
  );

  it('tries an unreachable destination as often as it may, then says that it is', async () => {
    const pair = tlsPair();
    pair.port = await freePort();
    const { code, output } = await pair.send({ RETRY_DELAYS: '0 0' }).outcome;
    expect(code).toBe(10);
    expect(output.match(/^Attempt failed/gm)).toHaveLength(2);
    expect(output).toMatch(/^ERROR: the destination at .* cannot be reached$/m);
    expect(output).not.toContain('completed');
  });

  it('finds a destination that comes up between two attempts', async () => {
    const pair = tlsPair();
    pair.port = await freePort();
    const client = pair.send({ RETRY_DELAYS: '1 2 4 8 16' });
    await client.printed('Attempt failed');
    const server = await pair.receive();
    expect(await client.outcome).toMatchObject({ code: 0 });
    expect(await server.outcome).toMatchObject({ code: 0 });
  });

  it('survives scans of its port and a sender that is killed', async () => {
    const pair = tlsPair();
    writeSparse(join(pair.source.data, 'large'), 300_000_000_000);
    const server = await pair.receive();
    for (const bytes of ['', 'GET / HTTP/1.0\r\n\r\n']) await knock(pair.port, bytes);
    const client = pair.send();
    await client.printed('%');
    client.signal('SIGKILL');
    await client.outcome;
    writeSparse(join(pair.source.data, 'large'), 3);
    expect(await pair.send().outcome).toMatchObject({ code: 0 });
    expect(await server.outcome).toMatchObject({ code: 0 });
    expect(Object.keys(volumeContents(pair.destination.data))).toEqual(['large']);
  });

  it('ends either side soon when it is stopped', async () => {
    const pair = tlsPair();
    writeSparse(join(pair.source.data, 'large'), 300_000_000_000);
    const server = await pair.receive();
    const client = pair.send();
    await client.printed('%');
    const stopped = performance.now();
    for (const side of [client, server]) {
      side.stop();
      const { code, output } = await side.outcome;
      expect(code).toBe(20);
      expect(output).toMatch(/^ERROR: stopped by a signal/m);
      expect(output).not.toContain('completed');
    }
    expect(performance.now() - stopped).toBeLessThan(20_000);
  });

  it('says that the destination is full, at once', async () => {
    const pair = tlsPair({ dataSize: '1m' });
    writeFileSync(join(pair.source.data, 'large'), Buffer.alloc(3_000_000, 'x'));
    const { sent } = await pair.sync({ RETRY_DELAYS: '9 9 9 9' });
    expect(sent.code, sent.output).toBe(8);
    expect(sent.output).toMatch(/^ERROR: the destination volume is full/m);
    expect(sent.output).not.toMatch(/Attempt failed|completed/);
  });

  it('makes room on a full destination by deleting what is gone at the source', async () => {
    const pair = tlsPair({ dataSize: '4m' });
    const server = await pair.receive();
    writeFileSync(join(pair.source.data, 'old'), Buffer.alloc(3_000_000, 'x'));
    const incomplete = '#!/bin/sh\ncase "$*" in *complete*) exit 12 ;; *) exec /usr/bin/rsync "$@" ;; esac\n';
    writeFileSync(pair.source.path('tmp/rsync'), incomplete, { mode: 0o755 });
    expect(await pair.send({ PATH: '/tmp:/usr/bin' }).outcome).toMatchObject({ code: 12 });
    rmSync(join(pair.source.data, 'old'));
    writeFileSync(join(pair.source.data, 'new'), Buffer.alloc(3_000_000, 'y'));
    expect(await pair.send().outcome).toMatchObject({ code: 0 });
    expect(await server.outcome).toMatchObject({ code: 0 });
  });

  it.each([
    { files: 10, deletions: 24, code: 10 },
    { files: 23, deletions: 4, code: 23 },
    { files: 5, deletions: 12, code: 105 },
    { files: 0, deletions: 12, code: 12 },
  ])('answers $code when files end with $files and deletions with $deletions', async (ends) => {
    const pair = tlsPair();
    writeFileSync(join(pair.source.data, 'file'), 'text');
    const rsync = `#!/bin/sh\ncase "$*" in *--delete*) exit ${ends.deletions} ;; *) exit ${ends.files} ;; esac\n`;
    writeFileSync(pair.source.path('tmp/rsync'), rsync, { mode: 0o755 });
    const { code, output } = await pair.send({ PATH: '/tmp:/usr/bin' }).outcome;
    expect(code).toBe(ends.code);
    expect(output).not.toContain('completed');
  });

  it('answers 23, and does not let the destination take the copy, when files cannot be read', async () => {
    const pair = tlsPair({ rights: 'nobody' });
    writeFileSync(join(pair.source.data, 'closed'), 'text', { mode: 0o000 });
    const server = await pair.receive();
    const { code, output } = await pair.send().outcome;
    expect(code).toBe(23);
    expect(output).toMatch(/^ERROR: some files could not be carried/m);
    server.stop();
    expect(await server.outcome).toMatchObject({ code: 20 });
  });

  it('names what its environment lacks, and a volume that it cannot use', async () => {
    const pair = tlsPair({ rights: 'nobody' });
    const lacking = await pair.send({ DESTINATION_ADDRESS: '', PRIVILEGED_MOVER: '' }).outcome;
    expect(lacking.code).toBe(1);
    expect(lacking.output).toContain('DESTINATION_ADDRESS PRIVILEGED_MOVER');
    expect(await pair.send({ DATA_DIR: '/nothing' }).outcome).toMatchObject({ code: 4 });
    chmodSync(pair.source.data, 0o000);
    const closed = await pair.send().outcome;
    expect(closed.code).toBe(4);
    expect(closed.output).toContain('user 65534 cannot read /data');
  });

  it('says what a destination lacks that is root without the rights of root', async () => {
    const side = new Container([], { 'psk.txt': psk() });
    const { code, output } = await side.script('/mover-rsync-tls/server.sh', { PRIVILEGED_MOVER: '0' })
      .outcome;
    expect(code).toBe(4);
    expect(output).toContain('runAsUser');
  });

  it('does not let a debug session pass for a sync', async () => {
    const pair = tlsPair();
    const session = pair.send({ DEBUG_MOVER: '1' });
    await until(() => existsSync(pair.source.path('tmp/exit-debug-if-removed')));
    expect(existsSync(pair.source.path('tmp/client.sh'))).toBe(true);
    rmSync(pair.source.path('tmp/exit-debug-if-removed'));
    expect(await session.outcome).toMatchObject({ code: 5 });
  });
});
