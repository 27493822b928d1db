// After every test on the real stack: waits until everything is at rest in the namespaces of its applications, and
// fails the test when an invariant was broken on the way (tools/judge), by what was seen from outside.
import { Client, Connection } from '@temporalio/client';
import { afterAll, aroundEach, inject } from 'vitest';
import { OwnLogs, judgeNamespace } from '../../tools/judge/judge.ts';
import { startOutsideWatcher } from '../../tools/judge/outside-watcher.ts';
import type { Version } from '../../tools/judge/scenario-record.ts';
import { executionsOf, historyOf } from '../../tools/judge/scenario-runs.ts';
import type { Execution } from '../../tools/judge/scenario-runs.ts';
import { recordsHistories, saveHistories } from './golden-histories.ts';
import { aScenario, betweenTests, currentScenario, isRecorded } from './outside-record.ts';
import type { Scenario } from './outside-record.ts';

const JUDGED_WITHIN_MS = 200_000;

const { kubeconfig, temporalAddress, folder } = inject('stack');
const logs = new OwnLogs(folder);
const watcher = await startOutsideWatcher(kubeconfig, isRecorded);
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

/** The sentences of all violations, and the executions of all syncs. */
async function judge(scenario: Scenario) {
  const judged = await Promise.all(
    [...scenario.namespaces].map((namespace) =>
      judgeNamespace({
        watcher,
        namespace,
        logs,
        exemptions: scenario.exemptions.filter((exemption) => exemption.namespace === namespace),
        executions: (versions) => everyExecution(scenario, namespace, versions),
      }),
    ),
  );
  return {
    sentences: judged.flatMap(({ sentences }) => sentences),
    executions: judged.flatMap(({ executions }) => executions),
  };
}

async function everyExecution(
  scenario: Scenario,
  namespace: string,
  versions: readonly Version[],
): Promise<readonly Execution[]> {
  const elsewhere = [...betweenTests.temporalNamespaces, ...scenario.temporalNamespaces];
  const clients = ['default', ...elsewhere].map((name) => new Client({ connection, namespace: name }));
  return (await Promise.all(clients.map((client) => executionsOf(client, namespace, versions)))).flat();
}
