// `cancel`: the sync ends in good order; its application is released and nothing of it is left behind.
import type { Run } from './catalogue.ts';
import { pause } from '../../kubernetes/backoff.ts';
import { durationFlag, requiredWord } from './durations.ts';
import { CliError, EXIT } from './exit.ts';
import { runningSync } from './running-sync.ts';

const PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 300;

export const run: Run = async (place, typed) => {
  const patienceMs = durationFlag(typed, 'timeout') ?? PATIENCE_MS;
  const { ref, run: workflowId, temporal } = await runningSync(place, requiredWord(typed));
  const until = Date.now() + patienceMs;
  const name = `${ref.namespace}/${ref.name}`;
  await temporal.client.workflow.getHandle(workflowId).cancel();
  if (typed.flags['wait'] === false) {
    place.out.line(`replicationsource ${name}: its sync is asked to end`);
    return EXIT.done;
  }
  while ((await temporal.look(workflowId))?.status === 'RUNNING') {
    if (place.interrupted.aborted) throw place.interrupted.reason;
    if (Date.now() > until)
      throw new CliError(`The sync of ${name} is asked to end, and has not yet; see "watch".`, EXIT.timedOut);
    await pause(LOOK_EVERY_MS, place.interrupted);
  }
  const { result } = await temporal.record(workflowId);
  place.out.line(`replicationsource ${name}: its sync has ended (${result})`);
  return result === 'Cancelled' ? EXIT.done : EXIT.failed;
};
