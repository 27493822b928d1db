// The demo's last words: how to look around, how to go on, how to stop.
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { workflowUrl } from './beats.ts';
import { NAMESPACE, PVC, RESTORE_POD, SOURCE } from './seed.ts';
import { seconds } from './story.ts';

export interface Parting {
  readonly syncs: readonly { readonly workflow: { readonly id: string; readonly runId: string } }[];
  readonly temporalNamespace: string;
  readonly temporalUi?: string;
  /** Name of the local stack, where there is one. */
  readonly stack?: string;
  readonly commands: { readonly kubectl: string; readonly temporal: string };
  readonly logFolder: string;
  /** Of worker and controller. */
  readonly pids: readonly number[];
  readonly setUpMs: number;
  readonly storyMs: number;
}

export function farewell(parting: Parting): readonly string[] {
  const { stack, commands, logFolder, setUpMs, storyMs } = parting;
  const kubectl = `${commands.kubectl} -n ${NAMESPACE}`;
  return [
    `   Set-up took ${seconds(setUpMs)}, the story ${seconds(storyMs)}. Worker and controller go on: the next sync`,
    '   is due at the next half hour, and will wait for its trigger.',
    '',
    ...rows([
      ...histories(parting),
      ...(stack === undefined ? [] : [['your shell', shellCommand(stack)] as const]),
      ['the source', `${kubectl} get replicationsource ${SOURCE.name} -o yaml`],
      ['its events', `${kubectl} describe replicationsource ${SOURCE.name}`],
      ['the pvc', `${kubectl} describe pvc ${PVC.name}`],
      ['the restore', `${kubectl} logs ${RESTORE_POD}`],
      ['a sync now', `${commands.temporal} schedule trigger --schedule-id ${sourceScheduleId(SOURCE)}`],
      ['its trigger', `${kubectl} annotate pvc ${PVC.name} --overwrite ${ANNOTATIONS.copyTrigger}=trigger-3`],
      ['logs', logFolder],
      ['to stop', stopCommand(parting)],
    ]),
  ];
}

function histories({ syncs, commands, temporalUi, temporalNamespace }: Parting): readonly Row[] {
  return syncs.map(({ workflow }, index): Row => {
    const byCommand = `${commands.temporal} workflow show --workflow-id '${workflow.id}'`;
    return [
      `sync ${index + 1}`,
      temporalUi === undefined ? byCommand : workflowUrl(temporalUi, temporalNamespace, workflow),
    ];
  });
}

function stopCommand({ stack, commands, pids }: Parting): string {
  if (stack !== undefined) return `npm run stack -- down${nameOption(stack)}`;
  return `kill ${pids.join(' ')}; ${commands.kubectl} delete namespace ${NAMESPACE}`;
}

/** Gives a shell the stack's kubectl and temporal, and their addresses. */
export function shellCommand(stack: string): string {
  return `eval "$(npm run --silent stack -- env${nameOption(stack)})"`;
}

function nameOption(stack: string): string {
  return stack === 'demo' ? '' : ` --name ${stack}`;
}

type Row = readonly [string, string];

function rows(pairs: readonly Row[]): readonly string[] {
  return pairs.map(([name, text]) => `   ${name.padEnd(14)}${text}`);
}
