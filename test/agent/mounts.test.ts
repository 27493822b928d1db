import { describe, expect, it } from 'vitest';
import { whyNotFreezable } from '../../agent/mounts.ts';

const ROOT = '22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw';
const VOLUME = '40 22 8:16 / /data rw,relatime - ext4 /dev/sdb rw';

describe('the driver fsfreeze', () => {
  it('freezes a volume that is a file system of its own', () => {
    expect(whyNotFreezable('/data', [ROOT, VOLUME].join('\n'))).toBeUndefined();
  });

  it.each([
    ['the root', '/', [ROOT, VOLUME], 'the root file system'],
    [
      'a folder of the root that is mounted elsewhere',
      '/data',
      [ROOT, '40 22 254:1 /srv /data rw - ext4 /dev/vda1 rw'],
      'device of the root file system',
    ],
    [
      'a folder of the node’s file system, in a pod',
      '/data',
      ['1 0 0:50 / / rw - overlay overlay rw', '2 1 254:1 /var/lib/kubelet/x /data rw - ext4 /dev/vda1 rw'],
      'only the folder',
    ],
    [
      'a volume that somebody else has mounted',
      '/data',
      [ROOT, VOLUME, '41 22 8:16 / /other rw - ext4 /dev/sdb rw'],
      'mounted at /other, too',
    ],
    ['what is no mount point', '/data/sub', [ROOT, VOLUME], 'no mount point'],
  ])('refuses %s', (...[, path, lines, why]) => {
    expect(whyNotFreezable(path, lines.join('\n'))).toContain(why);
  });

  it('reads paths with blanks', () => {
    const lines = [ROOT, '40 22 8:16 / /my\\040data rw - ext4 /dev/sdb rw'];
    expect(whyNotFreezable('/my data', lines.join('\n'))).toBeUndefined();
  });
});
