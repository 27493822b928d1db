// The part that the demo plays itself: the application's owner, who quiesces, sets the trigger and resumes.
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { DemoError } from './failure.ts';
import { parseLastNumber } from './records.ts';
import { APPLICATION, NAMESPACE, PVC } from './seed.ts';
import type { Stage } from './stage.ts';

type Owner = Pick<Stage, 'kubectl' | 'commands' | 'tell'>;

export interface Standstill {
  readonly since: Date;
  /** Number of the last record before it. */
  readonly lastRecord: number;
}

export async function quiesce(owner: Owner): Promise<Standstill> {
  const answer = await ask(owner, 'quiesce');
  const since = new Date();
  const lastRecord = parseLastNumber(answer);
  if (lastRecord === undefined)
    throw new DemoError(`The application answered "${answer.trim()}" to quiesce, not a number.`);
  owner.tell.beat('quiesced', `the application stands still, its last record is number ${lastRecord}`, since);
  return { since, lastRecord };
}

/** `quiesced-at` is optional: with it the reported freeze is exact. */
export async function setTrigger(
  { kubectl, commands, tell }: Owner,
  trigger: string,
  { since }: Standstill,
): Promise<void> {
  const annotate = ['-n', NAMESPACE, 'annotate', 'pvc', PVC.name, '--overwrite'];
  const annotations = [
    `${ANNOTATIONS.copyTrigger}=${trigger}`,
    `${ANNOTATIONS.quiescedAt}=${since.toISOString()}`,
  ];
  tell.command(`${commands.kubectl} ${annotate.join(' ')}`, ...annotations);
  await kubectl([...annotate, ...annotations]);
}

export async function resume(owner: Owner): Promise<void> {
  await ask(owner, 'resume');
  owner.tell.beat('resumed', 'the application writes again');
}

function ask({ kubectl, commands, tell }: Owner, word: 'quiesce' | 'resume'): Promise<string> {
  const args = ['-n', NAMESPACE, 'exec', APPLICATION, '--', 'sh', '/app/records.sh', word];
  tell.command(`${commands.kubectl} ${args.join(' ')}`);
  return kubectl(args);
}
