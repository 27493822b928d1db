// `proceed`: a person's word instead of the trigger, by the Update that the Temporal UI sends, too.
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { PROCEED } from '../../domain/messages.ts';
import type { Run } from './catalogue.ts';
import { requiredWord } from './durations.ts';
import { CliError, EXIT } from './exit.ts';
import { runningSync } from './running-sync.ts';
import { person } from './temporal-side.ts';

export const run: Run = async (place, typed) => {
  const { reason, by } = typed.flags;
  const name = requiredWord(typed);
  if (typeof reason !== 'string' || reason.trim() === '')
    throw new CliError('Say why: --reason "…". It stands in the history of the sync.', EXIT.usage);
  const { ref, run: workflowId, temporal } = await runningSync(place, name);
  const said = { by: typeof by === 'string' ? by : person(), reason };
  const handle = temporal.client.workflow.getHandle(workflowId);
  const update = () => handle.executeUpdate<string, [object]>(PROCEED, { args: [said] });
  try {
    place.out.line(await update().catch((error: unknown) => onceMore(error, update)));
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new CliError(
      `The sync of ${ref.namespace}/${ref.name} does not proceed: ${error.cause?.message ?? error.message}.`,
    );
  }
};

const A_MOMENT_MS = 1_500;

// The application reads WaitingForTrigger a moment before the sync waits.
async function onceMore(error: unknown, update: () => Promise<string>): Promise<string> {
  if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  await sleep(A_MOMENT_MS);
  return update();
}
