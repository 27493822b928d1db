// The scripts of the mover rsync with real rsync, ssh and sshd, each side in its container.
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './rsync-container.ts';
import { prepareImage, removeImage } from './rsync-image.ts';
import { knock, sshKey, sshPair, type Pair } from './rsync-pair.ts';
import { until, type Outcome } from './restic-source.ts';
import { fillVolume, volumeContents, writeSparse } from './rsync-volume.ts';

beforeAll(() => prepareImage(), 300_000);
afterAll(() => removeImage());

describe.concurrent('the rsync mover', { timeout: 180_000 }, () => {
  it('carries contents, modes, owners, times and every kind of link and name', async () => {
    const pair = sshPair();
    fillVolume(pair.source.data, 1234);
    const { sent, received } = await pair.sync();
    expect([sent.code, received.code], sent.output).toEqual([0, 0]);
    expect(volumeContents(pair.destination.data)).toEqual(volumeContents(pair.source.data));
    expect(existsSync(join(pair.destination.data, 'lost+found'))).toBe(false);
    expect(sent.output).toMatch(/^sent \d+ bytes {2}received \d+ bytes {2}[\d.]+ bytes\/sec$/m);
    expect(sent.output).toMatch(/^total size is \d+ {2}speedup is [\d.]+$/m);
    expect(sent.output).toMatch(/^rsync completed in \d+s$/m);
  });

  it('makes the destination equal again after anything changed at the source', async () => {
    const pair = sshPair();
    const [source, destination] = [pair.source.data, pair.destination.data];
    fillVolume(source);
    await pair.sync();
    mkdirSync(join(destination, 'lost+found'));
    rmSync(join(source, 'deep'), { recursive: true });
    symlinkSync('empty', join(source, 'deep'));
    rmSync(join(source, 'plain'));
    const { sent, received } = await pair.sync();
    expect([sent.code, received.code], sent.output).toEqual([0, 0]);
    expect(volumeContents(destination)).toEqual(volumeContents(source));
    expect(existsSync(join(destination, 'lost+found'))).toBe(true);
  });

  it.each([
    { type: 'rsa', format: 'PEM' },
    { type: 'rsa', format: 'RFC4716' },
    { type: 'ed25519', format: 'RFC4716' },
  ] as const)('takes keys of type $type in format $format, with any mode', async ({ type, format }) => {
    const pair = sshPair({ sourceKey: sshKey(type, format), destinationKey: sshKey(type, format) });
    for (const key of ['source', 'destination.pub']) chmodSync(pair.source.path(`keys/${key}`), 0o644);
    chmodSync(pair.destination.path('keys/destination'), 0o640);
    const { sent, received } = await pair.sync();
    expect([sent.code, received.code], sent.output).toEqual([0, 0]);
  });

  it('empties the destination when the source is empty, and says so', async () => {
    const pair = sshPair();
    writeFileSync(join(pair.destination.data, 'old'), 'text');
    const { sent } = await pair.sync();
    expect(sent.code).toBe(0);
    expect(sent.output).toContain('Directory is empty');
    expect(readdirSync(pair.destination.data)).toEqual([]);
  });

  it('turns away from a destination with an unknown host key, at once', async () => {
    const pair = sshPair({ expected: sshKey('ed25519') });
    writeFileSync(join(pair.source.data, 'secret'), 'text');
    const { sent } = await pair.sync({ RETRY_DELAYS: '9 9 9 9' });
    expect(sent.code).toBe(6);
    expect(sent.output).toMatch(/^ERROR: the host key of the destination at .* is not the one in/m);
    expect(sent.output).not.toMatch(/Attempt failed|completed/);
    expect(readdirSync(pair.destination.data)).toEqual([]);
  });

  it('is refused at once with a key that the destination does not know', async () => {
    const pair = sshPair({ accepted: sshKey('ed25519') });
    const { sent } = await pair.sync({ RETRY_DELAYS: '9 9 9 9' });
    expect(sent.code).toBe(7);
    expect(sent.output).toMatch(/^ERROR: the destination at .* refuses the key in \/keys\/source$/m);
    expect(sent.output).not.toMatch(/Attempt failed|completed/);
  });

  it('tries an unreachable destination as often as it may, then says that it is', async () => {
    const pair = sshPair();
    pair.port = await freePort();
    const { code, output } = await pair.send({ RETRY_DELAYS: '0 0' }).outcome;
    expect(code).toBe(10);
    expect(output.match(/^Attempt failed/gm)).toHaveLength(2);
    expect(output).toMatch(/^ERROR: the destination at .* cannot be reached/m);
    expect(output).not.toContain('completed');
  });

  it('is stopped at once while it waits for another attempt', async () => {
    const pair = sshPair();
    pair.port = await freePort();
    const source = pair.send({ RETRY_DELAYS: '3600' });
    await source.printed('the next one starts in 3600s');
    source.stop();
    expect(await source.outcome).toMatchObject({ code: 20 });
  });

  it('lets the key start nothing but an rsync into the volume', async () => {
    const pair = sshPair();
    const destination = await pair.receive();
    const refused = [
      'ls /',
      '',
      'rsync --server -e.Lsf . /tmp',
      'rsync --server -e.Lsf . ../tmp',
      'rsync --server --sender -e.Lsf . .',
      'rsync --server -se.Lsf . .',
      'rsync --server -Ke.Lsf . .',
      'rsync --server --daemon . .',
      'rsync --server --log-file=/data/x -e.Lsf . .',
      'rsync --server --temp-dir=/tmp -e.Lsf . .',
      'rsync --server -e.Lsf /tmp . .',
      'rsync --server -e.Lsf . .; touch /data/x',
      'rsync --server -e.Lsf . .\ntouch /data/x',
      'shutdown 256',
      'shutdown 0; touch /data/x',
      'shutdown',
    ];
    for (const command of refused) {
      const { code, output } = await ssh(pair, '', command);
      expect(code, `${command}: ${output}`).toBe(126);
      expect(output).toContain('accepts nothing but an rsync into its volume');
    }
    expect(readdirSync(pair.destination.data)).toEqual([]);
    destination.stop();
    expect(await destination.outcome).toMatchObject({ code: 20 });
  });

  it.each([
    { what: 'sftp', options: '-s', command: 'sftp', answer: /subsystem request failed/ },
    { what: 'a terminal', options: '-tt', command: 'ls', answer: /PTY allocation request failed/ },
    {
      what: 'a port',
      options: '-o ExitOnForwardFailure=yes -N -R 0:127.0.0.1:9',
      command: '',
      answer: /remote port forwarding failed/,
    },
    { what: 'a way further', options: '-W 127.0.0.1:9', command: '', answer: /forwarding failed/ },
  ])('does not give the key $what', async ({ options, command, answer }) => {
    const pair = sshPair();
    const destination = await pair.receive();
    const { code, output } = await ssh(pair, options, command);
    expect(code).not.toBe(0);
    expect(output).toMatch(answer);
    destination.stop();
    await destination.outcome;
  });

  it('receives from a source that speaks as VolSync does', async () => {
    const pair = sshPair();
    fillVolume(pair.source.data, 1234);
    rmSync(join(pair.source.data, 'lost+found'), { recursive: true });
    const destination = await pair.receive();
    const rsync = `rsync -aAhHSxz --delete --itemize-changes --info=stats2,misc2 -e '${sshCommand(pair)}' /data/ root@127.0.0.1:.`;
    expect(await pair.source.shell(`${prepareKey} && ${rsync}`)).toMatchObject({ code: 0 });
    expect(await ssh(pair, '', 'shutdown 0')).toMatchObject({ code: 0 });
    expect(await destination.outcome).toMatchObject({ code: 0 });
    expect(volumeContents(pair.destination.data)).toEqual(volumeContents(pair.source.data));
  });

  it('ends with the code that the source names', async () => {
    const pair = sshPair();
    const destination = await pair.receive();
    expect(await ssh(pair, '', 'shutdown 3')).toMatchObject({ code: 0 });
    const { code, output } = await destination.outcome;
    expect(code).toBe(3);
    expect(output).not.toContain('completed');
  });

  it('survives scans of its port and a source that is killed', async () => {
    const pair = sshPair();
    writeSparse(join(pair.source.data, 'large'), 300_000_000_000);
    const destination = await pair.receive();
    for (let scan = 0; scan < 20; scan += 1)
      await knock(pair.port, scan % 2 === 0 ? '' : 'GET / HTTP/1.0\r\n\r\n');
    const source = pair.send();
    await source.printed('%');
    source.signal('SIGKILL');
    await source.outcome;
    writeSparse(join(pair.source.data, 'large'), 3);
    expect(await pair.send().outcome).toMatchObject({ code: 0 });
    expect(await destination.outcome).toMatchObject({ code: 0 });
    expect(Object.keys(volumeContents(pair.destination.data))).toEqual(['large']);
  });

  it('ends either side soon when it is stopped', async () => {
    const pair = sshPair();
    writeSparse(join(pair.source.data, 'large'), 300_000_000_000);
    const destination = await pair.receive();
    const source = pair.send();
    await source.printed('%');
    const stopped = performance.now();
    for (const side of [source, destination]) {
      side.stop();
      const { code, output } = await side.outcome;
      expect(code).toBe(20);
      expect(output).toMatch(/^ERROR: stopped by a signal/m);
      expect(output).not.toContain('completed');
    }
    expect(performance.now() - stopped).toBeLessThan(20_000);
  });

  it('says that the destination is full, at once', async () => {
    const pair = sshPair({ dataSize: '1m' });
    writeFileSync(join(pair.source.data, 'large'), Buffer.alloc(3_000_000, 'x'));
    const { sent } = await pair.sync({ RETRY_DELAYS: '9 9 9 9' });
    expect(sent.code, sent.output).toBe(8);
    expect(sent.output).toMatch(/^ERROR: the destination volume is full/m);
    expect(sent.output).not.toMatch(/Attempt failed|completed/);
  });

  it('does not take a file that it cannot read for a refused key', async () => {
    const pair = sshPair();
    const rsync =
      '#!/bin/sh\necho \'rsync: [sender] send_files failed to open "/data/a": Permission denied (13)\' >&2\nexit 23\n';
    writeFileSync(pair.source.path('tmp/rsync'), rsync, { mode: 0o755 });
    expect(await pair.send({ PATH: '/tmp:/usr/bin' }).outcome).toMatchObject({ code: 23 });
  });

  it('names keys that it cannot use, and what its environment lacks', async () => {
    const pair = sshPair();
    expect(await pair.send({ DESTINATION_ADDRESS: '' }).outcome).toMatchObject({ code: 1 });
    const malicious = '127.0.0.1\nProxyCommand touch /tmp/x';
    expect(await pair.send({ DESTINATION_ADDRESS: malicious }).outcome).toMatchObject({ code: 1 });
    expect(await pair.send({ DATA_DIR: '/nothing' }).outcome).toMatchObject({ code: 4 });
    writeFileSync(pair.source.path('keys/source'), 'no key');
    writeFileSync(pair.destination.path('keys/source.pub'), 'no key');
    const source = await pair.send().outcome;
    const destination = await pair.destination.script('/mover-rsync/destination.sh', {}).outcome;
    expect([source.code, destination.code]).toEqual([2, 2]);
    expect(source.output).toContain('ERROR: malformed: /keys/source must be a private key');
    expect(destination.output).toContain('ERROR: malformed: /keys/source.pub must be a public key');
  });

  it('does not let a debug session pass for a sync', async () => {
    const pair = sshPair();
    const session = pair.send({ DEBUG_MOVER: '1' });
    await until(() => existsSync(pair.source.path('tmp/exit-debug-if-removed')));
    rmSync(pair.source.path('tmp/exit-debug-if-removed'));
    expect(await session.outcome).toMatchObject({ code: 5 });
  });
});

const prepareKey = 'install -m 600 /keys/source /tmp/key';

function sshCommand({ port }: Pair): string {
  return `ssh -i /tmp/key -p ${port} -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null`;
}

/** Asks the destination for something else than the script does, with the script's key. */
function ssh(pair: Pair, options: string, command: string): Promise<Outcome> {
  const line = `${prepareKey} && exec timeout 20 ${sshCommand(pair)} ${options} root@127.0.0.1 "$COMMAND" 2>&1`;
  return pair.source.shell(line, { COMMAND: command });
}
