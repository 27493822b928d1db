// MariaDB, written to without a pause and copied with the agent: the restored copy starts, and contains exactly the
// transactions that were committed before the freeze.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { logIn, startAgent } from './agent-process.ts';
import { copied, folderOf, freezesOf, restore } from './database-copies.ts';
import { judge, startLedger } from './database-ledger.ts';
import type { Writer } from './database-ledger.ts';
import { mariadbPackages, startMariadb } from './mariadb-server.ts';
import type { MariadbServer } from './mariadb-server.ts';
import { anApplication } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await mariadbPackages(); // Here, where there is time to fetch them.
}, 300_000);
afterAll(() => world.close());

describe('MariaDB under load', () => {
  it('restores cleanly from its copy, with exactly the transactions of before its freeze', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    await using server = await startMariadb(join(await folderOf(application), 'mysql'));
    await query(server, 'CREATE DATABASE shop');
    await query(server, 'CREATE TABLE shop.ledger (id bigint PRIMARY KEY, note text NOT NULL) ENGINE=InnoDB');
    const ledger = startLedger(() => connectTo(server));
    const login = await logIn(application);
    const driver = { STILLPOINT_AGENT_DRIVER: 'mysql', STILLPOINT_AGENT_HOLD: '30s' };
    await using agent = await startAgent(login, { ...server.settings, ...driver });
    try {
      await application.replicate({ copyMethod: 'Snapshot' });
      const taken = await copied(application, agent, []);
      expect(judge(await restored(application, taken.snapshotId), ledger.entries, taken)).toEqual([]);
      expect(agent.lines().filter(({ level }) => level === 'error')).toEqual([]);
      console.log(`MariaDB under load: ${freezesOf([taken])}, ${ledger.entries.length} entries acknowledged`);
    } finally {
      await ledger.stop();
    }
    await application.remove();
  });
});

async function restored(application: Application, snapshotId: string): Promise<ReadonlySet<number>> {
  const target = mkdtempSync(join(tmpdir(), 'stillpoint-restored-'));
  try {
    await restore(application, snapshotId, target);
    await using server = await startMariadb(join(target, 'mysql'));
    const [checked] = await query(server, 'CHECK TABLE shop.ledger EXTENDED');
    expect(checked?.['Msg_text']).toBe('OK');
    return new Set((await query(server, 'SELECT id FROM shop.ledger')).map((row) => Number(row['id'])));
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

async function query(server: MariadbServer, text: string): Promise<readonly RowDataPacket[]> {
  const connection = await server.connect();
  try {
    const [rows] = await connection.query<RowDataPacket[]>(text);
    return rows;
  } finally {
    await connection.end();
  }
}

async function connectTo(server: MariadbServer): Promise<Writer> {
  const connection = await server.connect();
  return {
    write: (id) => connection.query('INSERT INTO shop.ledger VALUES (?, ?)', [id, `entry ${id}`]),
    end: () => connection.end(),
  };
}
