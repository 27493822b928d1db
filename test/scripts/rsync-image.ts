// A root as the movers' image has it: packages of Debian trixie unpacked, not installed, and the scripts at their paths.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trixiePackages } from '../../tools/images/trixie-packages.ts';
import { requireRoot } from '../../tools/stack/prerequisites.ts';

const programs = `
  base-files bash coreutils dash findutils grep mawk sed tini util-linux acl openssh-client
  openssh-server openssh-sftp-server rsync stunnel4
`;
const libraries = `
  libacl1 libattr1 libaudit1 libblkid1 libbsd0 libc6 libcap-ng0 libcap2 libcbor0.10 libcom-err2
  libcrypt1 libedit2 libfido2-1 libgcc-s1 libgmp10 libgssapi-krb5-2 libk5crypto3 libkeyutils1
  libkrb5-3 libkrb5support0 liblz4-1 liblzma5 libmd0 libmount1 libnsl2 libpam0g libpcre2-8-0 libpopt0
  libselinux1 libsmartcols1 libsqlite3-0 libssl3t64 libsystemd0 libtinfo6 libtirpc3t64 libudev1
  libuuid1 libwrap0 libwtmpdb0 libxxhash0 libzstd1 zlib1g
`;
const accounts = {
  passwd:
    'root:x:0:0:root:/root:/bin/bash\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n',
  group: 'root:x:0:\nnogroup:x:65534:\n',
  shadow: 'root:*:19000:0:99999:7:::\n',
  hosts: '127.0.0.1 localhost\n',
};

let scratch = '';

export async function prepareImage(): Promise<void> {
  requireRoot();
  const unpacked = await trixiePackages(
    { name: 'mover-root', packages: `${programs}${libraries}`.trim().split(/\s+/) },
    console.error,
  );
  scratch = mkdtempSync(join(tmpdir(), 'stillpoint-rsync-'));
  execFileSync('cp', ['--archive', unpacked, imageRoot()]);
  for (const folder of ['data', 'keys', 'root/.ssh', 'run/sshd'])
    mkdirSync(join(imageRoot(), folder), { recursive: true });
  for (const [name, text] of Object.entries(accounts)) writeFileSync(join(imageRoot(), 'etc', name), text);
  for (const mover of ['mover-rsync', 'mover-rsync-tls'])
    cpSync(join(import.meta.dirname, '../../images/mover', mover), join(imageRoot(), mover), {
      recursive: true,
    });
}

export function removeImage(): void {
  rmSync(scratch, { recursive: true, force: true });
}

export function imageRoot(): string {
  return join(scratch, 'image');
}

/** A new folder that is gone with the image. */
export function scratchFolder(name: string): string {
  return mkdtempSync(join(scratch, `${name}-`));
}
