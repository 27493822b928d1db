// What each field of a mover's own section does, as VolSync does it (reference VolSync §5.1 to §5.4, §7.3 to §7.6). What is
// the same for all movers is mover-job.test.ts.
import { describe, expect, it } from 'vitest';
import { forgetOptions, resticDestination, resticSource } from '../../movers/restic.ts';
import { rcloneDestination, rcloneSource } from '../../movers/rclone.ts';
import { rsyncDestination, rsyncSource } from '../../movers/rsync.ts';
import { rsyncTlsDestination, rsyncTlsSource } from '../../movers/rsync-tls.ts';
import type { Mover, MoverInput } from '../../movers/mover.ts';

const DAY_MS = 86_400_000;
const CREATED = '2026-07-01T00:00:00Z';

function input(more: Partial<MoverInput> = {}): MoverInput {
  const now = Date.parse(CREATED) + DAY_MS;
  return { secret: { name: 'secret', keys: [] }, status: {}, creationTime: CREATED, now, ...more };
}

function environmentOf(mover: Mover, keys: readonly string[] = []) {
  const entries = mover.environment(input({ secret: { name: 'secret', keys } }));
  return Object.fromEntries(
    entries.map((entry) => [entry.name, 'value' in entry ? entry.value : entry.valueFrom]),
  );
}

describe('restic', () => {
  it.each([
    [undefined, ' --keep-last 1'],
    [{}, ' --keep-last 1'],
    [
      { hourly: 1, daily: 2, weekly: 3, monthly: 4, yearly: 5, within: '1y', last: '6' },
      ' --keep-hourly 1 --keep-daily 2 --keep-weekly 3 --keep-monthly 4 --keep-yearly 5 --keep-within 1y --keep-last 6',
    ],
  ])('retain %j forgets by%s', (retain, flags) => {
    expect(forgetOptions(retain)).toBe(flags);
  });

  it.each([
    { options: {}, status: {}, days: 1, operations: ['backup'] },
    { options: {}, status: {}, days: 8, operations: ['backup', 'prune'] },
    { options: { pruneIntervalDays: 10 }, status: {}, days: 8, operations: ['backup'] },
    { options: {}, status: { lastPruned: '2026-07-05T00:00:00Z' }, days: 8, operations: ['backup'] },
    { options: { unlock: 'please' }, status: {}, days: 1, operations: ['unlock', 'backup'] },
    { options: { unlock: 'please' }, status: { lastUnlocked: 'please' }, days: 1, operations: ['backup'] },
    { options: { unlock: '' }, status: {}, days: 1, operations: ['backup'] },
  ])('$options with the status $status does after $days days $operations', (given) => {
    const { options, status, days, operations } = given;
    const now = Date.parse(CREATED) + days * DAY_MS + 1000;
    expect(resticSource(options).arguments(input({ status, now }))).toEqual(operations);
  });

  it('takes the Secret’s known keys by reference, each that is there and no other', () => {
    const keys = [
      'RESTIC_REPOSITORY',
      'RESTIC_PASSWORD',
      'AWS_ACCESS_KEY_ID',
      'RCLONE_B',
      'RCLONE_A',
      'unknown',
    ];
    const mover = resticSource({ repository: 'secret' });
    const found = environmentOf(mover, keys);
    const reference = (key: string, optional: boolean) => ({
      secretKeyRef: { name: 'secret', key, optional },
    });
    expect(found).toMatchObject({
      RESTIC_REPOSITORY: reference('RESTIC_REPOSITORY', false),
      AWS_ACCESS_KEY_ID: reference('AWS_ACCESS_KEY_ID', true),
      RCLONE_A: reference('RCLONE_A', true),
    });
    expect(found).not.toHaveProperty('unknown');
    expect(found).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
    expect(mover.secret).toEqual({
      kind: 'given',
      name: 'secret',
      keys: ['RESTIC_REPOSITORY', 'RESTIC_PASSWORD'],
      field: 'spec.restic.repository',
    });
  });

  it('finds Google’s credentials as a file', () => {
    const withCredentials = input({ secret: { name: 'secret', keys: ['GOOGLE_APPLICATION_CREDENTIALS'] } });
    const mover = resticSource({});
    expect(environmentOf(mover, ['GOOGLE_APPLICATION_CREDENTIALS'])).toMatchObject({
      GOOGLE_APPLICATION_CREDENTIALS: '/credentials/gcs.json',
    });
    expect(mover.volumes(withCredentials)).toMatchObject([{ mountPath: '/credentials' }]);
    expect(mover.volumes(input())).toEqual([]);
  });

  it('keeps a cache of the size, class and modes that are asked for', () => {
    expect(resticSource({}).cache).toEqual({ capacity: '1Gi' });
    expect(resticSource({ storageClassName: 'a', accessModes: ['ReadWriteMany'] }).cache).toEqual({
      capacity: '1Gi',
      storageClassName: 'a',
      accessModes: ['ReadWriteMany'],
    });
    const own = { cacheCapacity: 5, cacheStorageClassName: 'b', cacheAccessModes: ['ReadWriteOnce'] };
    expect(resticSource({ storageClassName: 'a', ...own }).cache).toEqual({
      capacity: '5',
      storageClassName: 'b',
      accessModes: ['ReadWriteOnce'],
    });
  });

  it('tells how the copy was made, where one was', () => {
    const told = (consistency: MoverInput['consistency']) =>
      resticSource({})
        .environment(input({ consistency }))
        .find(({ name }) => name === 'CONSISTENCY');
    expect(told('proceeded')).toEqual({ name: 'CONSISTENCY', value: 'proceeded' });
    expect(told(undefined)).toBeUndefined();
  });

  it('restores the snapshot that the destination asks for', () => {
    const mover = resticDestination({
      previous: 2,
      restoreAsOf: '2026-07-01T00:00:00Z',
      enableFileDeletion: true,
    });
    expect(mover.arguments(input())).toEqual(['restore']);
    expect(environmentOf(mover)).toMatchObject({
      RESTORE_AS_OF: '2026-07-01T00:00:00Z',
      SELECT_PREVIOUS: '2',
      RESTORE_OPTIONS: '--delete',
    });
    expect(environmentOf(resticDestination({}))).toMatchObject({
      RESTORE_AS_OF: '',
      SELECT_PREVIOUS: '0',
      RESTORE_OPTIONS: '',
    });
  });
});

describe('rclone', () => {
  const options = { rcloneConfig: 'secret', rcloneConfigSection: 'store', rcloneDestPath: 'bucket/orders' };

  it.each([
    ['source', rcloneSource(options)],
    ['destination', rcloneDestination(options)],
  ])('goes in the direction %s, whatever the Secret says', (direction, mover) => {
    expect(environmentOf(mover, ['RCLONE_CONFIG', 'RCLONE_BWLIMIT'])).toEqual({
      RCLONE_BWLIMIT: { secretKeyRef: { name: 'secret', key: 'RCLONE_BWLIMIT', optional: true } },
      RCLONE_CONFIG: '/rclone-config/rclone.conf',
      RCLONE_DEST_PATH: 'bucket/orders',
      DIRECTION: direction,
      MOUNT_PATH: '/data',
      RCLONE_CONFIG_SECTION: 'store',
    });
    expect(mover.volumes(input())).toMatchObject([{ mountPath: '/rclone-config' }]);
    expect(mover.secret).toMatchObject({ name: 'secret', keys: ['rclone.conf'] });
  });
});

describe('rsync-tls', () => {
  it('sends to the address and port that are given', () => {
    expect(environmentOf(rsyncTlsSource({ address: 'host', port: 9000 }))).toEqual({
      DESTINATION_ADDRESS: 'host',
      DESTINATION_PORT: '9000',
    });
    expect(environmentOf(rsyncTlsSource({ address: 'host' }))).toEqual({ DESTINATION_ADDRESS: 'host' });
  });

  it('listens behind a Service on port 8000', () => {
    expect(rsyncTlsDestination({}).service).toEqual({
      type: 'ClusterIP',
      port: 8000,
      targetPort: 8000,
      portName: 'rsync-tls',
    });
    expect(rsyncTlsDestination({ serviceAnnotations: { a: 'b' } }).service?.annotations).toEqual({ a: 'b' });
  });
});

describe('rsync', () => {
  it('sends as root to the address and port that are given', () => {
    const mover = rsyncSource({ address: 'host', port: 2222, path: '/ignored', sshUser: 'ignored' });
    expect(environmentOf(mover)).toEqual({ DESTINATION_ADDRESS: 'host', DESTINATION_PORT: '2222' });
    expect(mover.root.always).toBe(true);
    expect(mover.volumes(input()).map(({ mountPath }) => mountPath)).toEqual(['/keys', '/root/.ssh']);
  });

  it('listens behind a Service on the port that is given', () => {
    expect(rsyncDestination({ port: 2222, serviceType: 'LoadBalancer' }).service).toEqual({
      type: 'LoadBalancer',
      port: 2222,
      targetPort: 8022,
      portName: 'ssh',
    });
  });
});
