// What the rclone mover's script does not do, with a real rclone, run as an ordinary user.
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withPasswordServer } from './rclone-server.ts';
import { prepareMover, removeMover, Volume } from './rclone-volume.ts';
import { until } from './restic-source.ts';

beforeAll(() => prepareMover(), 120_000);
afterAll(() => removeMover());

const REMOTE = 'remote/backups/orders';

describe.concurrent('the rclone mover refuses', { timeout: 120_000 }, () => {
  it('to overwrite a permissions.facl of the volume’s owner', async () => {
    const volume = new Volume({ 'permissions.facl': 'mine', 'a/permissions.facl': 'carried' });
    const { code, output } = await volume.mover('source');
    expect(code).toBe(26);
    expect(output).toMatch(/^ERROR: the volume has a permissions\.facl of its own .*: rename it/m);
    expect(existsSync(volume.path(REMOTE))).toBe(false);
    rmSync(volume.path('data/permissions.facl'));
    await volume.mover('source');
    rmSync(volume.path('data/a'), { recursive: true });
    await volume.mover('destination');
    expect(readFileSync(volume.path('data/a/permissions.facl'), 'utf8')).toBe('carried');
  });

  it('a section that rclone.conf does not have, and names those that it has', async () => {
    const volume = new Volume();
    const { code, output } = await volume.mover('source', { RCLONE_CONFIG_SECTION: 'shop' });
    expect(code).toBe(25);
    expect(output).toContain('ERROR: rclone.conf has no section [shop]; it has: store\n');
    expect(await volume.mover('source', { RCLONE_CONFIG: volume.path('none') })).toMatchObject({ code: 25 });
  });

  it('to empty a volume because nothing is at the remote’s path', async () => {
    const volume = new Volume();
    for (const prepared of [() => {}, () => volume.folder(REMOTE)]) {
      prepared();
      const { code, output } = await volume.mover('destination');
      expect(code).toBe(3);
      expect(output).toMatch(
        /^ERROR: there is nothing at RCLONE_DEST_PATH backups\/orders; .*left as it is$/m,
      );
      expect(readdirSync(volume.path('data'))).toEqual(['orders.csv']);
    }
  });

  it('to go on with a wrong password, without ever printing one', async () => {
    const volume = new Volume();
    await withPasswordServer(volume, async (section) => {
      volume.configure(await section('tr0ub4dor'));
      const started = performance.now();
      const { code, output, errors } = await volume.mover('source');
      expect(performance.now() - started).toBeLessThan(60_000);
      expect(code).toBe(1);
      expect(output).toMatch(/^ERROR: the remote cannot be opened .*credentials/m);
      expect(output).toContain('401 Unauthorized');
      expect(output).not.toContain('message_type');
      expect(output + errors).not.toContain('tr0ub4dor');
    });
  });

  it('to take a volume that it cannot read for an empty one', async () => {
    const volume = new Volume();
    chmodSync(volume.path('data'), 0o000);
    const { code, output } = await volume.mover('source');
    expect(code).toBe(23);
    expect(output).toContain(`cannot read ${volume.path('data')}`);
  });

  it('to delete anything while files cannot be read, and does not flood the log with them', async () => {
    const volume = new Volume();
    for (let index = 0; index < 60; index += 1) volume.write(`unreadable/${index}`, 'text');
    volume.write('old', 'text');
    await volume.mover('source');
    rmSync(volume.path('data/old'));
    for (let index = 0; index < 60; index += 1) {
      volume.write(`unreadable/${index}`, 'more text');
      chmodSync(volume.path(`data/unreadable/${index}`), 0o000);
    }
    const { code, output } = await volume.mover('source');
    expect(code).toBe(1);
    expect(output).toMatch(/^ERROR: unreadable\/\d+: .*permission denied/m);
    expect(output).toMatch(/^NOTICE: \d+ more lines of rclone are not shown$/m);
    expect(output).toMatch(/^ERROR: rclone ended with exit code 1 \(.*permission denied\); the remote may/m);
    expect(existsSync(volume.path(`${REMOTE}/old`))).toBe(true);
  });

  it('permissions for files outside of the volume', async () => {
    const volume = new Volume();
    await volume.mover('source');
    writeFileSync(volume.path('tmp/other'), 'text', { mode: 0o644 });
    const list = `# file: ./../tmp/other\n# owner: 1\n# group: 1\nuser::rwx\ngroup::---\nother::---\n`;
    writeFileSync(volume.path(`${REMOTE}/permissions.facl`), list);
    const { code, output } = await volume.mover('destination');
    expect(code).toBe(0);
    expect(output).toMatch(/^ERROR: permissions\.facl names files outside of the volume/m);
    expect(statSync(volume.path('tmp/other')).mode & 0o777).toBe(0o644);
  });

  it('to go on without room for the list of permissions', async () => {
    const volume = new Volume();
    symlinkSync('/dev/full', volume.path('tmp/permissions.facl'));
    const { code, output } = await volume.mover('source');
    expect(code).toBe(27);
    expect(output).toMatch(/^ERROR: .* has no room for the list of permissions$/m);
    expect(existsSync(volume.path(REMOTE))).toBe(false);
  });

  it('an environment that lacks variables, and an unknown direction', async () => {
    const lacking = await new Volume().mover('source', { RCLONE_DEST_PATH: '', MOUNT_PATH: '' });
    expect(lacking.code).toBe(21);
    expect(lacking.output).toContain('RCLONE_DEST_PATH MOUNT_PATH');
    const unknown = await new Volume().mover('sideways');
    expect(unknown.code).toBe(22);
    expect(unknown.output).toContain("unknown DIRECTION 'sideways'");
  });

  it('to let a debug session pass for a sync', async () => {
    const volume = new Volume();
    const mover = volume.startMover('source', { DEBUG_MOVER: '1' });
    await until(() => existsSync(volume.path('tmp/exit-debug-if-removed')));
    expect(readdirSync(volume.path('tmp'))).toEqual(expect.arrayContaining(['active.sh', 'log.jq']));
    rmSync(volume.path('tmp/exit-debug-if-removed'));
    expect(await mover.outcome).toMatchObject({ code: 24 });
  });
});
