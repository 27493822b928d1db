// Chromium for tests of pages and for their screenshots: Debian's, in a root of its own in the cache, since a browser
// brings a hundred packages with it that this machine need not have.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trixiePackages, trixieSource } from '../images/trixie-packages.ts';
import { cached } from '../stack/cache.ts';
import { reporting } from '../stack/progress.ts';
import { run, type Say } from '../stack/shell.ts';

const packages = ['chromium', 'fonts-dejavu-core'];

/** The path of a program that starts Chromium, and takes Chromium's options. Made on first use. */
export async function chromium(say: Say): Promise<string> {
  const folder = await cached({
    part: 'chromium',
    madeFrom: [...packages, starter, process.arch],
    say,
    make: (target) => {
      const line = (passed: string) => `making a Chromium from Debian, usually 90 seconds, ${passed} so far`;
      return reporting({ say, line }, make(target, say));
    },
  });
  return join(folder, 'chromium');
}

async function make(folder: string, say: Say): Promise<void> {
  const tools = await trixiePackages({ name: 'mmdebstrap', packages: ['mmdebstrap'] }, say);
  const scratch = mkdtempSync(join(tmpdir(), 'stillpoint-chromium-'));
  try {
    const source = join(scratch, 'trixie.sources');
    writeFileSync(source, await trixieSource());
    const options = ['--variant=minbase', '--mode=root', '--format=directory'];
    const wanted = [`--include=${packages.join(',')}`, '--aptopt=Acquire::Languages "none"'];
    const mmdebstrap = join(tools, 'usr/bin/mmdebstrap');
    await run(mmdebstrap, [...options, ...wanted, 'trixie', join(folder, 'root'), source]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  writeFileSync(join(folder, 'chromium'), starter);
  chmodSync(join(folder, 'chromium'), 0o755);
}

// Its own mounts and processes: nothing of it stays when it ends, or when who started it ends. It has a screen only in
// memory, and looks for nothing outside (updates, safe browsing) that this machine's network may not have.
const starter = `#!/bin/sh
set -e
here=$(dirname "$(readlink -f "$0")")
exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child sh -c '
  root=$1 && shift
  mount --make-rprivate /
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/tmp"
  mount --bind /etc/hosts "$root/etc/hosts"
  exec chroot "$root" /usr/bin/chromium --headless --no-sandbox --disable-gpu --disable-quic --disable-sync \\
    --no-first-run --disable-background-networking --disable-component-update "$@"
' sh "$here/root" "$@"
`;
