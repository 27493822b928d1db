// A real PostgreSQL of Debian's packages, beside the stack, its data in a folder of the volume. It refuses to run as
// root, so it gets a user namespace in which root has another number: the files stay as they are.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { environmentOf, unpackedPackages } from '../../tools/stack/debian-packages.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { run } from '../../tools/stack/shell.ts';

const AS_NOBODY_SPECIAL = ['--user', '--map-user=1000', '--map-group=1000'];
const USER = 'owner';
const STARTED_WITHIN_MS = 60_000;

export interface PostgresServer extends AsyncDisposable {
  /** PGHOST, PGPORT and PGUSER, and PGDATABASE. */
  readonly settings: Readonly<Record<string, string>>;
  /** Runs a program of PostgreSQL's against it; returns what it printed. */
  program(name: string, ...args: readonly string[]): Promise<string>;
  /** Starts one and leaves it running. */
  start(name: string, ...args: readonly string[]): ChildProcess;
  connect(): Promise<pg.Client>;
  query<Row extends pg.QueryResultRow>(text: string): Promise<readonly Row[]>;
}

/** Debian's server and its tools, pgbench and pg_amcheck among them, unpacked into the cache. */
export function postgresPackages(): Promise<string> {
  const packages = ['postgresql-15', 'postgresql-client-15'];
  const proof = [
    ['postgres', '--version'],
    ['pgbench', '--version'],
    ['pg_amcheck', '--version'],
  ] as const;
  return unpackedPackages({ part: 'debian-postgresql', packages, proof }, console.error);
}

/** Starts the server on this folder, which is made a new cluster if it does not exist. */
export async function startPostgres(folder: string): Promise<PostgresServer> {
  const environment = { ...process.env, ...environmentOf(await postgresPackages()), TZ: 'UTC' };
  const inside = (name: string, args: readonly string[]) => [...AS_NOBODY_SPECIAL, name, ...args];
  if (!existsSync(folder)) {
    mkdirSync(folder, { mode: 0o700 });
    const how = [
      '-D',
      folder,
      '-U',
      USER,
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ];
    await run('unshare', inside('initdb', how), { environment });
  }
  chmodSync(folder, 0o700);
  const sockets = mkdtempSync(join(tmpdir(), 'stillpoint-postgres-'));
  const [port = 0] = await freePorts(1);
  const settings = { PGHOST: sockets, PGPORT: String(port), PGUSER: USER, PGDATABASE: 'postgres' };
  const log = openSync(join(sockets, 'log'), 'a');
  const options = [
    '-D',
    folder,
    '-k',
    sockets,
    '-p',
    String(port),
    '-c',
    'listen_addresses=',
    '-c',
    'jit=off',
  ];
  const server = spawn('unshare', inside('postgres', options), {
    env: environment,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = once(server, 'exit');
  const program = (name: string, ...args: readonly string[]) =>
    run(name, args, { environment: { ...environment, ...settings } });
  await ready(server, () => program('pg_isready', '--quiet'), join(sockets, 'log'));
  return {
    settings,
    program,
    start: (name, ...args) =>
      spawn(name, args, { env: { ...environment, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] }),
    connect: () => connectTo(settings),
    query: (text) => query(settings, text),
    async [Symbol.asyncDispose]() {
      server.kill('SIGQUIT'); // What is to be copied has been copied; nobody waits for a last checkpoint.
      await ended;
      rmSync(sockets, { recursive: true });
    },
  };
}

async function connectTo({ PGHOST, PGPORT }: PostgresServer['settings']): Promise<pg.Client> {
  const client = new pg.Client({ host: PGHOST, port: Number(PGPORT), user: USER, database: 'postgres' });
  await client.connect();
  return client;
}

async function query<Row extends pg.QueryResultRow>(
  settings: PostgresServer['settings'],
  text: string,
): Promise<readonly Row[]> {
  const client = await connectTo(settings);
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

async function ready(server: ChildProcess, ask: () => Promise<string>, logFile: string): Promise<void> {
  const until = Date.now() + STARTED_WITHIN_MS;
  for (;;) {
    if (server.exitCode !== null)
      throw new Error(`PostgreSQL ended with ${server.exitCode} (log: ${logFile})`);
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return;
    if (Date.now() > until) throw new Error(`PostgreSQL was not ready in time (log: ${logFile})`);
  }
}
