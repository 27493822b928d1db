// After every test on the real stack: waits until everything is at rest in the namespaces of its applications, and
// fails the test when an invariant was broken on the way (invariants.ts), by what was seen from outside.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, aroundEach, inject } from 'vitest';
import { historyText, readableText } from '../../tools/histories/history-file.ts';
import { recordsHistories, saveHistories } from './golden-histories.ts';
import { restlessIn, sentenceOf, violationsOf } from './invariants.ts';
import { aScenario, betweenTests, currentScenario } from './outside-record.ts';
import type { Scenario } from './outside-record.ts';
import { startOutsideWatcher } from './outside-watcher.ts';
import { lastMoment } from './scenario-record.ts';
import type { OutsideRecord, Version } from './scenario-record.ts';
import { executionsOf, historyOf } from './scenario-runs.ts';
import type { Execution } from './scenario-runs.ts';

const AT_REST_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 250;
const JUDGED_WITHIN_MS = 200_000;

const { kubeconfig, temporalAddress, folder } = inject('stack');
const logsBefore = new Map(logFiles().map((file) => [file, statSync(file).size]));
const watcher = await startOutsideWatcher(kubeconfig);
const connection = await Connection.connect({ address: temporalAddress });

aroundEach(async (runTest, { task }) => {
  const scenario = aScenario();
  await currentScenario.run(scenario, runTest);
  const { sentences, executions } = await judge(scenario);
  if (sentences.length > 0) throw new Error(sentences.join('\n'));
  if (!recordsHistories || task.result?.state === 'fail') return;
  const name = { file: task.file.name, suite: task.suite?.fullName ?? '', title: task.name };
  saveHistories(name, await Promise.all(executions.map(historyOf)));
}, JUDGED_WITHIN_MS);

afterAll(async () => {
  const { sentences } = await judge(betweenTests);
  await Promise.all([watcher.close(), connection.close()]);
  if (sentences.length > 0) throw new Error(sentences.join('\n'));
}, JUDGED_WITHIN_MS);

interface Judged {
  readonly sentences: readonly string[];
  readonly executions: readonly Execution[];
}

async function judge(scenario: Scenario): Promise<Judged> {
  const judged = await Promise.all(
    [...scenario.namespaces].map((namespace) => judgeNamespace(scenario, namespace)),
  );
  return {
    sentences: judged.flatMap(({ sentences }) => sentences),
    executions: judged.flatMap(({ executions }) => executions),
  };
}

async function judgeNamespace(scenario: Scenario, namespace: string): Promise<Judged> {
  const { record, executions } = await atRest(scenario, namespace);
  const runs = await Promise.all(
    executions.map(async (execution) => ({
      ...execution.run,
      history: readableText(historyText(await reach(() => historyOf(execution)))),
    })),
  );
  const complete = { ...record, runs, logs: linesAbout(namespace) };
  return { sentences: violationsOf(complete).map((broken) => sentenceOf(broken, complete)), executions };
}

/** The record once nothing is left to be tidied up, or when that has taken too long. */
async function atRest(scenario: Scenario, namespace: string) {
  const exemptions = scenario.exemptions.filter((exemption) => exemption.namespace === namespace);
  const until = Date.now() + AT_REST_WITHIN_MS;
  for (;;) {
    // Temporal first: what has ended by now has done all that the API server shows afterwards.
    const { versions } = watcher.recordOf(namespace);
    const executions = await reach(() => everyExecution(scenario, namespace, versions));
    await watcher.catchUp(namespace);
    const runs = executions.map(({ run }) => ({ ...run, history: '' }));
    const record = { ...watcher.recordOf(namespace), runs, logs: [], exemptions };
    // In a namespace that has gone, the moment to be judged is past.
    const settled = lastMoment(record).going || restlessIn(record).length === 0;
    if (settled || Date.now() > until) return { record, executions };
    await sleep(LOOK_AGAIN_MS);
  }
}

async function everyExecution(scenario: Scenario, namespace: string, versions: readonly Version[]) {
  const elsewhere = [...betweenTests.temporalNamespaces, ...scenario.temporalNamespaces];
  const clients = ['default', ...elsewhere].map((name) => new Client({ connection, namespace: name }));
  return (await Promise.all(clients.map((client) => executionsOf(client, namespace, versions)))).flat();
}

// A test may have ended while Temporal comes back.
async function reach<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + AT_REST_WITHIN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(LOOK_AGAIN_MS);
    }
  }
}

function linesAbout(namespace: string): OutsideRecord['logs'] {
  return logFiles().flatMap((file) => {
    const lines = readFileSync(file)
      .subarray(logsBefore.get(file) ?? 0)
      .toString()
      .split('\n');
    const program = file.slice(folder.length + 1).replace('.log', '');
    return lines.filter((line) => line.includes(namespace)).map((line) => ({ program, line }));
  });
}

function logFiles(): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => join(folder, name));
}
