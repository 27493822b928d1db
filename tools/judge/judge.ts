// Judges one namespace by what was recorded of it from outside: waits until nothing is left to be tidied up after the
// syncs that have ended, and says in sentences which invariants were broken on the way.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { historyText, readableText } from '../histories/history-file.ts';
import { eventually } from './eventually.ts';
import { restlessIn, sentenceOf, violationsOf } from './invariants.ts';
import type { OutsideWatcher } from './outside-watcher.ts';
import { lastMoment } from './scenario-record.ts';
import type { Exemption, OutsideRecord, Version } from './scenario-record.ts';
import { historyOf } from './scenario-runs.ts';
import type { Execution } from './scenario-runs.ts';

export interface Case {
  readonly watcher: OutsideWatcher;
  readonly namespace: string;
  readonly exemptions: readonly Exemption[];
  readonly logs: OwnLogs;
  /** Every execution of every sync of the namespace, also of those that only an object has named. */
  readonly executions: (versions: readonly Version[]) => Promise<readonly Execution[]>;
}

export interface Judged {
  /** One for each violation. */
  readonly sentences: readonly string[];
  readonly executions: readonly Execution[];
  readonly record: OutsideRecord;
}

const AT_REST_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 250;

export async function judgeNamespace(given: Case): Promise<Judged> {
  const { record, executions } = await atRest(given);
  const runs = await Promise.all(
    executions.map(async (execution) => ({
      ...execution.run,
      history: readableText(historyText(await reach(() => historyOf(execution)))),
    })),
  );
  const complete = { ...record, runs, logs: given.logs.linesAbout(given.namespace) };
  const sentences = violationsOf(complete).map((broken) => sentenceOf(broken, complete));
  return { sentences, executions, record: complete };
}

/** The record once nothing is left to be tidied up, or when that has taken too long. */
async function atRest({ watcher, namespace, exemptions, executions: ask }: Case) {
  const until = Date.now() + AT_REST_WITHIN_MS;
  for (;;) {
    // Temporal first: what has ended by now has done all that the API server shows afterwards.
    const { versions } = watcher.recordOf(namespace);
    const executions = await reach(() => ask(versions));
    const upTo = await watcher.catchUp(namespace);
    const runs = executions.map(({ run }) => ({ ...run, history: '' }));
    const record = { ...watcher.recordOf(namespace, upTo), runs, logs: [], exemptions };
    // In a namespace that has gone, the moment to be judged is past.
    const settled = lastMoment(record).going || restlessIn(record).length === 0;
    if (settled || Date.now() > until) return { record, executions };
    await sleep(LOOK_AGAIN_MS);
  }
}

// Temporal may just be coming back.
function reach<T>(ask: () => Promise<T>): Promise<T> {
  return eventually(ask, AT_REST_WITHIN_MS);
}

/** What our own processes write into a folder from now on. */
export class OwnLogs {
  readonly #folder: string;
  readonly #before: ReadonlyMap<string, number>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#before = new Map(this.#files().map((file) => [file, statSync(file).size]));
  }

  linesAbout(namespace: string): OutsideRecord['logs'] {
    return this.#files().flatMap((file) => {
      const text = readFileSync(file)
        .subarray(this.#before.get(file) ?? 0)
        .toString();
      const program = file.slice(this.#folder.length + 1).replace('.log', '');
      const lines = text.split('\n').filter((line) => line.includes(namespace));
      return lines.map((line) => ({ program, line }));
    });
  }

  #files(): readonly string[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith('.log'))
      .map((name) => join(this.#folder, name));
  }
}
