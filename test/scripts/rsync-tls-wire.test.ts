// Each of our scripts against the other side's wire as VolSync has it, spoken by rsync and stunnel themselves.
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './rsync-container.ts';
import { prepareImage, removeImage } from './rsync-image.ts';
import { tlsPair } from './rsync-pair.ts';
import { fillVolume, volumeContents } from './rsync-volume.ts';

beforeAll(() => prepareImage(), 300_000);
afterAll(() => removeImage());

const tunnel = `foreground = yes
pid =
[rsync]
PSKsecrets = /keys/psk.txt
ciphers = PSK
sslVersionMin = TLSv1.3
`;

describe.concurrent('the wire of rsync-tls', { timeout: 180_000 }, () => {
  it('lets a client send through a tunnel of its own, and ends when it has sent "complete"', async () => {
    const pair = tlsPair();
    fillVolume(pair.source.data, 1234);
    const server = await pair.receive();
    const port = await freePort();
    const settings = `${tunnel}client = yes\naccept = 127.0.0.1:${port}\nconnect = 127.0.0.1:${pair.port}\n`;
    writeFileSync(pair.source.path('tmp/stunnel.conf'), settings);
    const lines = [
      'cd /data',
      'stunnel /tmp/stunnel.conf 2>/tmp/log &',
      'until grep -q successful /tmp/log; do sleep 0.1; done',
      "find . -mindepth 1 -maxdepth 1 -printf './%P\\0' >/tmp/list",
      "find . -type l -printf '%P\\n' >/tmp/links",
      `to=rsync://127.0.0.1:${port}`,
      'rsync -aAhHSxz -r --exclude=lost+found --itemize-changes --info=stats2,misc2 --no-implied-dirs --from0 --files-from=/tmp/list ./ $to/data',
      'rsync /tmp/links $to/control/symlink-munging-file',
      'rsync -rx --exclude=lost+found --delete --ignore-existing --ignore-non-existing ./ $to/data',
      'rsync /tmp/list $to/control/complete',
    ];
    const { code, output } = await pair.source.shell(`set -e\n${lines.join('\n')}`);
    expect(code, output).toBe(0);
    expect(await server.outcome).toMatchObject({ code: 0 });
    expect(volumeContents(pair.destination.data)).toEqual(volumeContents(pair.source.data));
  });

  it('tells a server which symlinks to unmark, one name a line, and then that all is carried', async () => {
    const pair = tlsPair();
    mkdirSync(join(pair.source.data, 'deep'));
    symlinkSync('/etc/passwd', join(pair.source.data, 'absolute'));
    symlinkSync('../..', join(pair.source.data, 'deep', 'with space'));
    pair.port = await freePort();
    const daemon =
      'use chroot = no\nuid = 0\ngid = 0\nread only = no\n[data]\npath = /data\n[control]\npath = /tmp/control\n';
    mkdirSync(pair.destination.path('tmp/control'));
    writeFileSync(pair.destination.path('tmp/rsyncd.conf'), daemon);
    const execution = 'exec = /usr/bin/rsync\nexecArgs = rsync --daemon --config=/tmp/rsyncd.conf\n';
    writeFileSync(
      pair.destination.path('tmp/stunnel.conf'),
      `${tunnel}accept = 127.0.0.1:${pair.port}\n${execution}`,
    );
    const server = pair.destination.start(['/bin/bash', '-c', 'exec stunnel /tmp/stunnel.conf 2>&1']);
    await server.printed('Configuration successful');
    expect(await pair.send().outcome).toMatchObject({ code: 0 });
    server.signal('SIGKILL');
    await server.outcome;
    expect(readlinkSync(join(pair.destination.data, 'absolute'))).toBe('/rsyncd-munged//etc/passwd');
    const list = readFileSync(pair.destination.path('tmp/control/symlink-munging-file'), 'utf8');
    expect(list.trim().split('\n').toSorted()).toEqual(['absolute', 'deep/with space']);
    expect(existsSync(pair.destination.path('tmp/control/complete'))).toBe(true);
  });
});
