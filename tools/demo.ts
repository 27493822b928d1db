// npm run demo: the seed's example on real parts, told as it happens and proved by a restore; with --scene dead-man
// (demo/dead-man.ts) its first sync is one in which everything dies.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { sourceScheduleId } from '../domain/messages.ts';
import { playDeadMan } from './demo/dead-man.ts';
import { DemoError, sentenceOf } from './demo/failure.ts';
import { farewell, shellCommand } from './demo/farewell.ts';
import { apply } from './demo/kubectl.ts';
import { readChoice } from './demo/options.ts';
import type { Choice } from './demo/options.ts';
import { enterPlace, logFolderOf, openPlace } from './demo/place.ts';
import type { Place } from './demo/place.ts';
import { prove } from './demo/proof.ts';
import { seedObjects, SOURCE } from './demo/seed.ts';
import { setTheStage } from './demo/stage.ts';
import type { Stage } from './demo/stage.ts';
import { createTeller } from './demo/story.ts';
import { tellSync } from './demo/sync.ts';
import type { ToldSync } from './demo/sync.ts';

const tell = createTeller({
  write: (line) => console.log(line),
  coloured: process.stdout.isTTY && !process.env['NO_COLOR'],
});
let logFolder: string | undefined;
process.on('SIGINT', () => giveUp(new DemoError('It was interrupted.'), 130));
process.on('SIGTERM', () => giveUp(new DemoError('It was interrupted.'), 143));
try {
  const choice = readChoice(process.argv.slice(2), process.env);
  logFolder = logFolderOf(choice);
  await demo(choice, logFolder);
} catch (error) {
  giveUp(error, 1);
}

async function demo(choice: Choice, folder: string): Promise<void> {
  const began = Date.now();
  tell.chapter(
    choice.on === 'stack' ? 'A real Kubernetes and a real Temporal' : 'Your Kubernetes and your Temporal',
  );
  const place = await openPlace(choice, tell);
  enterPlace(place);
  tell.say(`kubeconfig   ${place.environment['KUBECONFIG'] ?? `your own, context ${place.context}`}`);
  tell.say(`Temporal     ${place.environment['TEMPORAL_ADDRESS']}`);
  if (place.temporalUi !== undefined) tell.say(`Temporal UI  ${place.temporalUi}`);
  if (place.stack !== undefined) tell.say(`your shell   ${shellCommand(place.stack)}`);
  const setUp = Date.now();

  tell.chapter('The application and its volume; worker and controller');
  const stage = await setTheStage(place, folder, tell);
  const syncs = choice.on === 'stack' && choice.scene === 'dead-man' ? deadMan : seed;
  const told = await syncs(stage, place, folder);

  tell.chapter('Yours to look around');
  const whole = { setUpMs: setUp - began, storyMs: Date.now() - setUp };
  const { pids } = stage;
  const temporalNamespace = stage.temporal.namespace;
  const lines = farewell({
    ...place,
    ...whole,
    syncs: told,
    temporalNamespace,
    logFolder: folder,
    pids,
  });
  for (const line of lines) console.log(line);
  await stage.cluster.close();
  await stage.temporal.close();
}

type Played = readonly Pick<ToldSync, 'workflow'>[];

async function seed(stage: Stage, place: Place): Promise<Played> {
  const first = await firstSync(stage, place);
  const second = await secondSync(stage);
  await proveCopy(stage, place, { named: 'first', ...first });
  return [first, second];
}

async function deadMan(stage: Stage, place: Place, folder: string): Promise<Played> {
  const first = await playDeadMan({ ...stage, place, folder });
  const second = await secondSync(stage);
  await proveCopy(stage, place, { named: 'second', ...second });
  return [first, second];
}

async function firstSync(stage: Stage, { seed }: Place): Promise<ToldSync> {
  tell.chapter('The first sync');
  return tellSync(stage, {
    trigger: 'trigger-1',
    due: async () => {
      await apply(stage.kubectl, seedObjects(['source'], seed));
      tell.beat('sync due', `ReplicationSource ${SOURCE.name} is applied; its first sync starts at once`);
    },
  });
}

// The schedule's next time is up to half an hour away.
async function secondSync(stage: Stage): Promise<ToldSync> {
  tell.chapter('The second sync');
  const scheduleId = sourceScheduleId(SOURCE);
  return tellSync(stage, {
    trigger: 'trigger-2',
    due: async () => {
      tell.command(
        `${stage.commands.temporal} schedule trigger --schedule-id ${scheduleId} --overlap-policy BufferOne`,
      );
      await stage.temporal.client.schedule.getHandle(scheduleId).trigger(ScheduleOverlapPolicy.BUFFER_ONE);
      tell.beat(
        'sync due',
        'the Temporal Schedule is triggered, as a person would who does not wait for its time',
      );
    },
  });
}

async function proveCopy(
  { kubectl }: Stage,
  { moverImage }: Place,
  { named, quiescedAfter, report }: ToldSync & { readonly named: string },
): Promise<void> {
  tell.chapter(`The proof: the copy of the ${named} sync, restored`);
  const { snapshotId } = report.moved;
  if (snapshotId === undefined) throw new DemoError(`The ${named} sync reported no snapshot.`);
  await prove({ kubectl, tell, moverImage, snapshotId, quiescedAfter });
}

function giveUp(error: unknown, code: number): never {
  const place = logFolder === undefined ? '' : ` Logs: ${logFolder}`;
  if (logFolder !== undefined && error instanceof Error && !(error instanceof DemoError))
    appendFileSync(join(logFolder, 'demo.log'), `${new Date().toISOString()} ${error.stack}\n`);
  console.error(`demo: ${sentenceOf(error).replace(/\s+/g, ' ')}${place}`);
  process.exit(code);
}
