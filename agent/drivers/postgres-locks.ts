// EXCLUSIVE locks on all tables, taken beside an application that goes on locking them in an order of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const LOCK_NOT_AVAILABLE = '55P03';
const LONGEST_WAIT_MS = 500;
const BREATHE_MS = 100;

/** Opens the transaction that holds the locks, so no table is written any more, and no writer is at work. */
export async function lockEveryTable(client: pg.Client, signal: AbortSignal): Promise<void> {
  // Whoever waits for longer than deadlock_timeout is asked to break a deadlock, and that must not be the application.
  const waitMs = Math.min(LONGEST_WAIT_MS, Math.floor((await deadlockTimeoutMs(client)) / 2));
  const first: string[] = [];
  for (;;) {
    signal.throwIfAborted();
    await client.query('BEGIN');
    await client.query(`SET LOCAL lock_timeout = ${waitMs}`);
    const missed = await lockAll(client, first);
    if (missed === undefined) return;
    await client.query('ROLLBACK');
    // What somebody holds who waits for us in turn, comes first the next time: soon our order is that of the application.
    first.splice(0, first.length, missed, ...first.filter((table) => table !== missed));
    await sleep(BREATHE_MS * (0.5 + Math.random()), undefined, { signal });
  }
}

/** Undefined when all are locked, else the table that was not to be had. */
async function lockAll(client: pg.Client, first: readonly string[]): Promise<string | undefined> {
  const locked = new Set<string>();
  for (;;) {
    const tables = await tablesOf(client);
    const wanted = [...first.filter((table) => tables.includes(table)), ...tables].filter(
      (table) => !locked.has(table),
    );
    // Some may have been created while we waited for others.
    if (wanted.length === 0) return undefined;
    for (const table of wanted) {
      if (locked.has(table)) continue;
      if (!(await lock(client, table))) return table;
      locked.add(table);
    }
  }
}

async function lock(client: pg.Client, table: string): Promise<boolean> {
  try {
    await client.query(`LOCK TABLE ONLY ${table} IN EXCLUSIVE MODE`);
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}

/** Quoted; temporary tables of others are none of ours, and those of the system cannot be locked. */
async function tablesOf(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY 1`);
  return rows.map(({ name }) => name);
}

async function deadlockTimeoutMs(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ setting: string }>(
    `SELECT setting FROM pg_settings WHERE name = 'deadlock_timeout'`,
  );
  return Number(rows[0]?.setting ?? 1_000);
}
