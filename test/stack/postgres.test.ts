// PostgreSQL under load, copied with the agent: pgbench and a ledger write without a pause, and every restored copy
// starts cleanly and contains exactly the transactions that were committed before its freeze.
// STILLPOINT_POSTGRES_SYNCS says how many copies are taken; 20 for the full run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { logIn, startAgent } from './agent-process.ts';
import { copied, folderOf, freezesOf, restore } from './database-copies.ts';
import type { Taken } from './database-copies.ts';
import { judge, startLedger } from './database-ledger.ts';
import type { Ledger, Writer } from './database-ledger.ts';
import { postgresPackages, startPostgres } from './postgres-server.ts';
import type { PostgresServer } from './postgres-server.ts';
import { PATIENCE, anApplication, pvcOf } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

const SYNCS = Number(process.env['STILLPOINT_POSTGRES_SYNCS'] ?? 3);
const EACH_WITHIN_MS = 60_000;

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await postgresPackages(); // Here, where there is time to fetch them.
}, 300_000);
afterAll(() => world.close());

describe('PostgreSQL under load', () => {
  it(
    'restores cleanly from every copy, each with exactly the transactions of before its freeze',
    async () => {
      const application = await anApplication(world, { [A.useCopyTrigger]: '' });
      await using server = await startPostgres(join(await folderOf(application), 'pgdata'));
      await server.program('pgbench', '--initialize', '--quiet', '--scale=2');
      await server.query('CREATE EXTENSION amcheck');
      await server.query('CREATE TABLE ledger (id bigint PRIMARY KEY, note text NOT NULL)');
      const ledger = startLedger(() => connectTo(server));
      const bench = server.start('pgbench', '--client=4', '--rate=200', '--time=3600', '--no-vacuum');
      const login = await logIn(application);
      const driver = { STILLPOINT_AGENT_DRIVER: 'postgres', STILLPOINT_AGENT_HOLD: '30s' };
      await using agent = await startAgent(login, { ...server.settings, ...driver });
      try {
        const copies: Taken[] = [];
        await application.replicate({ copyMethod: 'Snapshot', retain: { last: String(SYNCS + 1) } });
        while (copies.length < SYNCS) {
          if (copies.length > 0) await application.syncNow();
          const taken = await copied(application, agent, copies);
          copies.push(taken);
          expect(await problemsOf(application, taken, ledger)).toEqual([]);
        }
        expect(agent.lines().filter(({ level }) => level === 'error')).toEqual([]);
        expect(bench.exitCode).toBeNull();
        console.log(
          `PostgreSQL under load: ${freezesOf(copies)}, ${ledger.entries.length} entries acknowledged`,
        );
      } finally {
        bench.kill();
        await ledger.stop();
      }
      await application.remove();
    },
    120_000 + SYNCS * EACH_WITHIN_MS,
  );
});

describe('a freeze of PostgreSQL', () => {
  const frozen = async () => {
    // Somebody has asked and has gone: nobody will accept the trigger.
    const annotations = { [A.useCopyTrigger]: '', [A.latestCopyStatus]: 'WaitingForTrigger' };
    const application = await anApplication(world, annotations);
    const server = await startPostgres(join(await folderOf(application), 'pgdata'));
    await server.query('CREATE TABLE stock (id int PRIMARY KEY)');
    const settings = {
      ...server.settings,
      STILLPOINT_AGENT_DRIVER: 'postgres',
      STILLPOINT_AGENT_HOLD: '10m',
    };
    const agent = await startAgent(await logIn(application), settings);
    const trigger = () => pvcOf(application)?.metadata.annotations?.[A.copyTrigger];
    await vi.waitUntil(() => trigger() !== undefined, PATIENCE);
    return { application, server, agent, trigger };
  };

  it('that is lost with its session takes the trigger back', async () => {
    const { application, server, agent, trigger } = await frozen();
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stillpoint-agent'`,
    );
    await vi.waitUntil(() => trigger() === undefined, PATIENCE);
    expect(agent.lines().some(({ because }) => because === 'freezeLost')).toBe(true);
    await agent[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await application.remove();
  });

  it('ends at once with an agent that is killed', async () => {
    const { application, server, agent } = await frozen();
    const writing = server.query('INSERT INTO stock VALUES (1)');
    agent.signal('SIGKILL');
    await writing;
    await agent[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await application.remove();
  });
});

/** What is wrong with the copy, or with the stillness in which it was taken. */
async function problemsOf(
  application: Application,
  taken: Taken,
  ledger: Ledger,
): Promise<readonly string[]> {
  const target = mkdtempSync(join(tmpdir(), 'stillpoint-restored-'));
  try {
    await restore(application, taken.snapshotId, target);
    const data = join(target, 'pgdata');
    rmSync(join(data, 'postmaster.pid')); // It names the server that was copied, which runs on.
    await using server = await startPostgres(data);
    await server.program(
      'pg_amcheck',
      '--database=postgres',
      '--heapallindexed',
      '--exclude-schema=pg_toast',
    );
    const [balance] = await server.query<{ sums: number }>(BALANCE);
    const ids = await server.query<{ id: string }>('SELECT id FROM ledger');
    return [
      ...(balance?.sums === 1 ? [] : ['the sums of pgbench differ']),
      ...judge(new Set(ids.map(({ id }) => Number(id))), ledger.entries, taken),
    ];
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

// A transaction of pgbench adds one amount to an account, a teller and a branch, and writes it down.
const BALANCE = `
  SELECT count(DISTINCT sum)::int AS sums FROM (
    SELECT sum(abalance) FROM pgbench_accounts UNION ALL SELECT sum(tbalance) FROM pgbench_tellers
    UNION ALL SELECT sum(bbalance) FROM pgbench_branches UNION ALL SELECT coalesce(sum(delta), 0) FROM pgbench_history
  ) AS sums (sum)`;

async function connectTo(server: PostgresServer): Promise<Writer> {
  const client = await server.connect();
  return {
    write: (id) => client.query('INSERT INTO ledger VALUES ($1, $2)', [id, `entry ${id}`]),
    end: () => client.end(),
  };
}
