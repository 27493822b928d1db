// What a worker that is killed in mid-work costs: two workers run, the one that holds the step is killed.
import type { OwnProcess } from '../own-processes.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../activities/watching.ts';
import { installApplication } from './application.ts';
import type { Application } from './application.ts';
import { load, quiesced } from './measure.ts';
import { observe } from './moments.ts';
import type { Observer } from './moments.ts';
import type { Place } from './place.ts';
import type { Figures, Group } from './rows.ts';
import { runOf, startProgram, stillpoint, stopProgram } from './stillpoint.ts';

/** Kills one in the midst of its work; the time until the other one has done or taken it up, in milliseconds. */
type Strike = (round: Round) => Promise<number>;

interface Round {
  readonly place: Place;
  readonly application: Application;
  readonly observer: Observer;
  readonly run: string;
  /** SIGKILL to the worker that holds this activity of the sync; when that was. */
  readonly killHolder: (activity: string) => Promise<number>;
}

const WORKERS = ['worker-1', 'worker-2'];
const TOO_LATE_MS = 500;
const JOB_WITHIN_MS = 60_000;
const STARTED = 2; // temporal.api.enums.v1.PendingActivityState

const STRIKES: Readonly<Partial<Record<Group, Strike>>> = {
  'killed-window': async ({ observer, killHolder }) => {
    await observer.reached('accepted');
    const killed = await killHolder('takeCopy');
    await observer.reached('completed');
    return (observer.moments.completed ?? killed) - killed;
  },
  'killed-mover': async ({ place, application, observer, run, killHolder }) => {
    await observer.reached('completed');
    const jobs = place.cluster.jobs.watch();
    const { namespace } = application.pvc;
    const runs = () => jobs.list(namespace).find(({ status }) => (status?.active ?? 0) > 0);
    await until([jobs], runs, AbortSignal.timeout(JOB_WITHIN_MS));
    const killed = await killHolder('moveCopy');
    while (!(await takenUp(place, run))) await sleep(100);
    return performance.now() - killed;
  },
};

/** In seconds. */
export async function measureKilled(place: Place, group: Group, rounds: number): Promise<Figures> {
  const strike = STRIKES[group];
  if (strike === undefined) throw new Error(`Nobody is killed for ${group}.`);
  const workers = new Map<string, OwnProcess>();
  const start = async (name: string) => workers.set(name, await startProgram(place, 'worker', name));
  try {
    await Promise.all([startProgram(place, 'controller'), ...WORKERS.map(start)]);
    const application = await installApplication(place, 'dir');
    const values: number[] = [];
    for (let round = 1; values.length < rounds; round += 1) {
      await Promise.all(WORKERS.filter((name) => !workers.has(name)).map(start));
      const milliseconds = await playRound({ place, application, workers, strike }, `round-${round}`);
      // Sometimes the storage is faster than the killer, and it was the dead one who released.
      if (milliseconds > TOO_LATE_MS) values.push(milliseconds / 1000);
      place.say(`${group}: ${values.length} of ${rounds} rounds; load ${load()}`);
    }
    await application.remove();
    return { [group]: values };
  } finally {
    await Promise.all(['controller', ...WORKERS].map((name) => stopProgram(place, name)));
  }
}

interface Stage {
  readonly place: Place;
  readonly application: Application;
  readonly workers: Map<string, OwnProcess>;
  readonly strike: Strike;
}

async function playRound({ place, application, workers, strike }: Stage, tag: string): Promise<number> {
  const { pvc, source } = application;
  const observer = observe({ cluster: place.cluster, pvc, source, tag });
  try {
    await application.syncIsDue(tag);
    await observer.reached('waiting');
    const asked = place.cluster.pvcs.watch().get(pvc);
    if (asked === undefined) throw new Error(`${pvc.namespace}/${pvc.name} is gone.`);
    const run = runOf(asked);
    await quiesced();
    await application.setTrigger(tag);
    const killHolder = async (activity: string) => {
      const name = await holderOf(place, { run, activity, workers });
      const killed = performance.now();
      workers.delete(name);
      await stopProgram(place, name, 'SIGKILL');
      return killed;
    };
    const milliseconds = await strike({ place, application, observer, run, killHolder });
    await observer.reached('reported');
    await stillpoint(place).closed(asked);
    return milliseconds;
  } finally {
    observer.end();
  }
}

interface Held {
  readonly run: string;
  readonly activity: string;
  readonly workers: ReadonlyMap<string, OwnProcess>;
}

// The identity of a worker begins with its pid.
async function holderOf(place: Place, { run, activity, workers }: Held): Promise<string> {
  const pending = await pendingOf(place, run, activity);
  const pid = Number.parseInt(pending?.lastWorkerIdentity ?? '', 10);
  const [name] = [...workers].find(([, worker]) => worker.pid === pid) ?? [];
  // It is over already: the round will not count.
  return name ?? WORKERS[0] ?? '';
}

async function takenUp(place: Place, run: string): Promise<boolean> {
  const pending = await pendingOf(place, run, 'moveCopy');
  return pending === undefined || ((pending.attempt ?? 1) > 1 && pending.state === STARTED);
}

async function pendingOf({ temporal }: Place, run: string, activity: string) {
  const { raw } = await temporal.client.workflow.getHandle(run).describe();
  return raw.pendingActivities?.find(({ activityType }) => activityType?.name === activity);
}
