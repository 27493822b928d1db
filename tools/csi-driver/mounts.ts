import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether something is mounted exactly there, as this process sees it. */
export function mounted(path: string): boolean {
  const MOUNT_POINT = 4;
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => unescapeOctal(line.split(' ')[MOUNT_POINT] ?? '') === path);
}

export async function bindMount(folder: string, target: string, readOnly: boolean): Promise<void> {
  await run('mount', ['--bind', folder, target]);
  // A bind mount takes `ro` only when it is mounted again.
  if (readOnly) await run('mount', ['-o', 'remount,bind,ro', target]);
}

export async function unmount(target: string): Promise<void> {
  await run('umount', [target]);
}

/** mountinfo writes blanks, tabs, newlines and backslashes as \ooo. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
