// The demo's last words: how to look around, how to go on, how to stop.
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { workflowUrl } from './beats.ts';
import { NAMESPACE, PVC, SOURCE } from './seed.ts';
import { seconds } from './story.ts';

export interface Parting {
  readonly syncs: readonly { readonly workflow: { readonly id: string; readonly runId: string } }[];
  readonly temporalNamespace: string;
  readonly temporalUi?: string;
  /** Name of the local stack, where there is one. */
  readonly stack?: string;
  readonly context?: string;
  readonly logFolder: string;
  /** Of worker and controller. */
  readonly pids: readonly number[];
  readonly setUpMs: number;
  readonly storyMs: number;
}

export function farewell(parting: Parting): readonly string[] {
  const { stack, context, logFolder, setUpMs, storyMs } = parting;
  const stackName = stack === undefined || stack === 'demo' ? '' : ` --name ${stack}`;
  const kubectl = `kubectl${context === undefined ? '' : ` --context ${context}`} -n ${NAMESPACE}`;
  const shell: Row[] = [['your shell', `eval "$(npm run --silent stack -- env${stackName})"`]];
  return [
    `   Set-up took ${seconds(setUpMs)}, the story ${seconds(storyMs)}. Worker and controller go on: the next sync`,
    '   is due at the next half hour, and will wait for its trigger.',
    '',
    ...rows([
      ...histories(parting),
      ...(stack === undefined ? [] : shell),
      ['the source', `${kubectl} get replicationsource ${SOURCE.name} -o yaml`],
      ['its events', `${kubectl} describe replicationsource ${SOURCE.name}`],
      ['the pvc', `${kubectl} describe pvc ${PVC.name}`],
      ['a sync now', `temporal schedule trigger --schedule-id ${sourceScheduleId(SOURCE)}`],
      ['its trigger', `${kubectl} annotate pvc ${PVC.name} --overwrite ${ANNOTATIONS.copyTrigger}=trigger-3`],
      ['logs', logFolder],
      ['to stop', stopCommand(parting, stackName)],
    ]),
  ];
}

function histories({ syncs, temporalUi, temporalNamespace }: Parting): readonly Row[] {
  return syncs.map(({ workflow }, index): Row => {
    const byCommand = `temporal workflow show --workflow-id '${workflow.id}'`;
    return [
      `sync ${index + 1}`,
      temporalUi === undefined ? byCommand : workflowUrl(temporalUi, temporalNamespace, workflow),
    ];
  });
}

function stopCommand({ stack, context, pids }: Parting, stackName: string): string {
  if (stack !== undefined) return `npm run stack -- down${stackName}`;
  return `kill ${pids.join(' ')}; kubectl --context ${context} delete namespace ${NAMESPACE}`;
}

type Row = readonly [string, string];

function rows(pairs: readonly Row[]): readonly string[] {
  return pairs.map(([name, text]) => `   ${name.padEnd(14)}${text}`);
}
