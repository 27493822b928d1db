// The owner's side of quiescing through Temporal (docs/quiesce-through-temporal.md): a worker with two activities, which
// run two commands of the owner. It needs no rights in Kubernetes, and Stillpoint needs none in the application.
//
//   TEMPORAL_ADDRESS=127.0.0.1:7233 QUIESCE_TASK_QUEUE=quiesce/shop/orders \
//   QUIESCE_COMMAND='…' UNQUIESCE_COMMAND='…' node worker.ts
//
// Run one of it for each queue: what it holds, it holds in its memory. Both commands may come twice.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';

interface QuiesceInput {
  /** The same in each call for one freeze: by retries, and by each sync that copies in it. */
  window: string;
  /** When the application must run again, whatever happens. */
  releaseBy: string;
  /** The same as a duration from the call on, for a clock that is wrong. */
  freezeBoundMs: number;
}

interface Hold {
  until: number;
  timer: NodeJS.Timeout;
}

const run = promisify(execFile);
const held = new Map<string, Hold>();
let turn: Promise<unknown> = Promise.resolve();

const activities = {
  async quiesce({ window, releaseBy, freezeBoundMs }: QuiesceInput) {
    const until = Math.min(Date.parse(releaseBy), Date.now() + freezeBoundMs);
    const beat = setInterval(() => Context.current().heartbeat(), 1_000); // The way to hear of a cancellation.
    try {
      return await inTurn(async () => {
        Context.current().cancellationSignal.throwIfAborted();
        if (until <= Date.now())
          throw new ApplicationFailure(`releaseBy ${releaseBy} has passed by this clock`);
        hold(window, until); // First: from here on the application goes on by itself in time.
        await shell('QUIESCE_COMMAND');
        return { quiescedAt: new Date().toISOString() };
      });
    } finally {
      clearInterval(beat);
    }
  },

  async unquiesce({ window }: { window: string }) {
    await inTurn(() => letGo(window));
  },
};

/** One command at a time: an unquiesce never overtakes the quiesce that it ends. */
function inTurn<R>(work: () => Promise<R>): Promise<R> {
  const mine = turn.then(work);
  turn = mine.catch(() => undefined);
  return mine;
}

function hold(window: string, until: number): void {
  const before = held.get(window);
  clearTimeout(before?.timer);
  const latest = Math.max(until, before?.until ?? 0);
  // Temporal and Stillpoint may be dead by then: nobody else is asked.
  const timer = setTimeout(() => void letGoBySelf(window), latest - Date.now());
  held.set(window, { until: latest, timer });
}

// Also for a window that is not known: this worker may have been restarted in between.
async function letGo(window: string): Promise<void> {
  if (held.size > (held.has(window) ? 1 : 0)) return forget(window); // Another copy still needs the stillness.
  await shell('UNQUIESCE_COMMAND');
  forget(window);
}

function forget(window: string): void {
  clearTimeout(held.get(window)?.timer);
  held.delete(window);
}

async function letGoBySelf(window: string): Promise<void> {
  console.log(`nobody has unquiesced the window ${window} in time: the application goes on`);
  while (held.has(window)) {
    await inTurn(() => letGo(window)).catch((error: unknown) => console.error(error));
    if (held.has(window)) await sleep(1_000);
  }
}

async function shell(name: 'QUIESCE_COMMAND' | 'UNQUIESCE_COMMAND'): Promise<void> {
  try {
    await run('/bin/sh', ['-c', setting(name)]);
  } catch (error) {
    const { code } = error as { code?: number };
    // Not the error itself: it cites the command, and all that fails here is shown in Temporal and on the pvc.
    throw new ApplicationFailure(`${name} ended with code ${code}`);
  }
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`set ${name}`);
  return value;
}

const connection = await NativeConnection.connect({ address: setting('TEMPORAL_ADDRESS') });
const worker = await Worker.create({
  connection,
  namespace: process.env['TEMPORAL_NAMESPACE'] ?? 'default',
  taskQueue: setting('QUIESCE_TASK_QUEUE'),
  activities,
  defaultHeartbeatThrottleInterval: '1 second',
});
await shell('UNQUIESCE_COMMAND'); // Whatever the worker before this one held, it holds no more.
console.log('worker ready');
await worker.run(); // Until SIGTERM.
await shell('UNQUIESCE_COMMAND');
for (const window of held.keys()) forget(window);
await connection.close();
