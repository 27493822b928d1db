// The built-in drivers on real databases and a real file system; nothing of Kubernetes is needed.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../../agent/drivers/driver.ts';
import { fsfreezeDriver } from '../../agent/drivers/fsfreeze.ts';
import { postgresDriver } from '../../agent/drivers/postgres.ts';
import { run } from '../../tools/stack/shell.ts';
import { postgresPackages, startPostgres } from './postgres-server.ts';
import type { PostgresServer } from './postgres-server.ts';

const BLOCKED_MS = 1_500;
const never = new AbortController().signal;

describe('the driver postgres', () => {
  beforeAll(async () => void (await postgresPackages()), 300_000);

  it('lets others read and nobody write, until it lets go or its session is ended by somebody', async () => {
    await using server = await aServer();
    await server.query('CREATE TABLE stock (id int PRIMARY KEY)');
    Object.assign(process.env, server.settings);
    const lost: Error[] = [];
    const driver = postgresDriver([]);

    await driver.quiesce({ signal: never, lost: (error) => lost.push(error) });
    expect(await server.query('SELECT * FROM stock')).toEqual([]);
    const writing = server.query('INSERT INTO stock VALUES (1)');
    expect(await isDone(writing)).toBe(false);
    await driver.unquiesce(never);
    await writing;
    expect(lost).toEqual([]);

    await driver.quiesce({ signal: never, lost: (error) => lost.push(error) });
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stillpoint-agent'`,
    );
    await vi.waitUntil(() => lost.length > 0, { timeout: 10_000 });
    await server.query('INSERT INTO stock VALUES (2)');
    await driver.unquiesce(never);
  });

  it('waits for a transaction that writes, and gives up when it is told to, holding nothing', async () => {
    await using server = await aServer();
    await server.query('CREATE TABLE stock (id int PRIMARY KEY)');
    Object.assign(process.env, server.settings);
    const writer = server.start('psql', '-c', 'BEGIN; INSERT INTO stock VALUES (1); SELECT pg_sleep(600)');
    const sleeping = async () =>
      (await server.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)).length > 0;
    await vi.waitUntil(sleeping, { timeout: 20_000 });
    const driver = postgresDriver([]);
    const giving = new AbortController();
    const quiescing = driver.quiesce({ signal: giving.signal, lost: () => {} });
    expect(await isDone(quiescing)).toBe(false);
    await server.query('INSERT INTO stock VALUES (2)'); // Between two attempts others get through.
    giving.abort(new Error('given up'));
    await expect(quiescing).rejects.toThrow();
    await driver.unquiesce(never);
    await server.query('INSERT INTO stock VALUES (3)');
    writer.kill();
  });

  it('takes the locks of an application that takes them in another order, without a deadlock for anybody', async () => {
    await using server = await aServer();
    await server.query('CREATE TABLE a (n int); INSERT INTO a VALUES (0)');
    await server.query('CREATE TABLE z (n int); INSERT INTO z VALUES (0)');
    Object.assign(process.env, server.settings);
    const script = join(mkdtempSync(join(tmpdir(), 'stillpoint-load-')), 'load.sql');
    writeFileSync(script, 'BEGIN; UPDATE z SET n = n + 1; UPDATE a SET n = n + 1; COMMIT;');
    const load = server.start('pgbench', '-n', '-c', '4', '-T', '600', '-f', script);
    const driver: Driver = postgresDriver([]);
    for (let round = 0; round < 3; round += 1) {
      await driver.quiesce({ signal: AbortSignal.timeout(60_000), lost: () => {} });
      await driver.unquiesce(never);
    }
    const [deadlocks] = await server.query<{ deadlocks: string }>(
      `SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'`,
    );
    expect(Number(deadlocks?.deadlocks)).toBe(0);
    expect(load.exitCode).toBeNull();
    load.kill();
  });
});

describe('the driver fsfreeze', () => {
  it('makes writers of a loop-backed volume wait until it lets go, and may let go twice', async () => {
    await using volume = await aLoopVolume();
    const driver = fsfreezeDriver([volume.path]);
    await driver.unquiesce(never); // Nothing is frozen yet: so it is at each start.
    await driver.quiesce({ signal: never, lost: () => {} });
    const writing = run('touch', [join(volume.path, 'file')]);
    const waited = !(await isDone(writing));
    await driver.unquiesce(never);
    await driver.unquiesce(never);
    await writing;
    expect(waited).toBe(true);
  });

  it('refuses the root, and a folder of it', async () => {
    await expect(fsfreezeDriver(['/']).quiesce({ signal: never, lost: () => {} })).rejects.toThrow(
      /root file system/,
    );
    await expect(fsfreezeDriver([tmpdir()]).quiesce({ signal: never, lost: () => {} })).rejects.toThrow(
      /no mount point|root/,
    );
  });
});

async function aServer(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-pg-'));
  const server = await startPostgres(join(folder, 'data'));
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

async function isDone(promise: Promise<unknown>): Promise<boolean> {
  const done = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([done, sleep(BLOCKED_MS, false)]);
}

/** A small ext4 of its own. Whatever becomes of this process, it is let go and unmounted within half a minute. */
async function aLoopVolume(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-loop-'));
  const [image, path] = [join(folder, 'image'), join(folder, 'mounted')];
  writeFileSync(image, '');
  truncateSync(image, 64 * 2 ** 20);
  await run('mkfs.ext4', ['-q', image]);
  await run('mkdir', [path]);
  const release = `fsfreeze --unfreeze ${path}; umount ${path}`;
  const watchdog = spawn('sh', ['-c', `sleep 30; ${release}`], { detached: true, stdio: 'ignore' });
  watchdog.unref();
  await run('mount', ['-o', 'loop', image, path]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      if (watchdog.pid !== undefined) process.kill(-watchdog.pid, 'SIGKILL');
      await run('sh', ['-c', `fsfreeze --unfreeze ${path} 2>/dev/null; umount ${path}`]);
      rmSync(folder, { recursive: true });
    },
  };
}
