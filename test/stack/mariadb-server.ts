// A real MariaDB of Debian's packages, beside the stack, its data in a folder of the volume.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { environmentOf, unpackedPackages } from '../../tools/stack/debian-packages.ts';
import { run } from '../../tools/stack/shell.ts';

const STARTED_WITHIN_MS = 60_000;

export interface MariadbServer extends AsyncDisposable {
  /** MYSQL_UNIX_PORT and MYSQL_USER. */
  readonly settings: Readonly<Record<string, string>>;
  connect(): Promise<Connection>;
}

/** Starts the server on this folder, which is made a new data directory if it does not exist. */
export async function startMariadb(folder: string): Promise<MariadbServer> {
  const packages = await mariadbPackages();
  const environment = { ...process.env, ...environmentOf(packages) };
  const place = ['--no-defaults', `--basedir=${join(packages, 'usr')}`, `--datadir=${folder}`, '--user=root'];
  if (!existsSync(folder)) {
    mkdirSync(folder, { mode: 0o700 });
    const how = ['--auth-root-authentication-method=normal', '--skip-test-db'];
    await run('mariadb-install-db', [...place, ...how], { environment });
  }
  const sockets = mkdtempSync(join(tmpdir(), 'stillpoint-mariadb-'));
  const socketPath = join(sockets, 'socket');
  const log = openSync(join(sockets, 'log'), 'a');
  const options = [
    ...place,
    `--socket=${socketPath}`,
    '--skip-networking',
    `--pid-file=${join(sockets, 'pid')}`,
  ];
  const server = spawn('mariadbd', options, { env: environment, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = once(server, 'exit');
  const connect = () => createConnection({ socketPath, user: 'root' });
  const until = Date.now() + STARTED_WITHIN_MS;
  for (;;) {
    if (server.exitCode !== null)
      throw new Error(`MariaDB ended with ${server.exitCode} (log: ${join(sockets, 'log')})`);
    const connection = await connect().catch(() => undefined);
    await connection?.end();
    if (connection !== undefined) break;
    if (Date.now() > until) throw new Error(`MariaDB was not ready in time (log: ${join(sockets, 'log')})`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    settings: { MYSQL_UNIX_PORT: socketPath, MYSQL_USER: 'root' },
    connect,
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL'); // As a crash would end it; what is to be copied has been copied.
      await ended;
      rmSync(sockets, { recursive: true });
    },
  };
}

export function mariadbPackages(): Promise<string> {
  const packages = ['mariadb-server-core', 'mariadb-client-core'];
  const proof = [
    ['mariadbd', '--version'],
    ['mariadb', '--version'],
  ] as const;
  return unpackedPackages({ part: 'debian-mariadb', packages, proof }, console.error);
}
