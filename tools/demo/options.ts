// What the person at the terminal chose: the local stack, or a cluster and a Temporal of their own.
import { Command } from 'commander';
import { DemoError } from './failure.ts';

/** What can be played besides the seed. */
export const SCENES = ['dead-man'] as const;
export type Scene = (typeof SCENES)[number];

export type Choice =
  | { readonly on: 'stack'; readonly name: string; readonly scene?: Scene }
  | {
      readonly on: 'own cluster';
      readonly context: string;
      readonly temporal: string;
      readonly temporalUi?: string;
      /** For restic, such as `s3:https://s3.example.com/bucket`; the demo adds a path for each run. */
      readonly repository: string;
      readonly accessKey: string;
      readonly secretKey: string;
      readonly moverImage: string;
      readonly applicationImage: string;
      readonly storageClass?: string;
    };

interface Given {
  readonly name: string;
  readonly scene?: string;
  readonly context?: string;
  readonly temporal?: string;
  readonly temporalUi?: string;
  readonly repository?: string;
  readonly moverImage?: string;
  readonly applicationImage: string;
  readonly storageClass?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws a DemoError when something is missing. `words` are those behind `npm run demo --`. */
export function readChoice(words: readonly string[], environment: Environment): Choice {
  const given = commandLine().parse(words, { from: 'user' }).opts<Given>();
  const scene = sceneOf(given);
  if (given.context === undefined && given.temporal === undefined) {
    const { repository, moverImage, storageClass } = given;
    if ([repository, moverImage, storageClass].some((option) => option !== undefined))
      throw new DemoError(
        'The local stack brings its own storage and images; those options go with --context.',
      );
    return { on: 'stack', name: given.name, ...(scene !== undefined && { scene }) };
  }
  if (scene !== undefined)
    throw new DemoError(`The scene ${scene} kills Temporal: it plays on the local stack only.`);
  return ownCluster(given, environment);
}

function sceneOf({ scene }: Given): Scene | undefined {
  const known = SCENES.find((name) => name === scene);
  if (scene !== undefined && known === undefined)
    throw new DemoError(`There is no scene ${scene}; there is ${SCENES.join(', ')}.`);
  return known;
}

function commandLine(): Command {
  return new Command('demo')
    .description('The seed: one application, two syncs, one restore. Without options on a local stack.')
    .option('--name <stack>', 'which local stack', 'demo')
    .option('--scene <name>', 'another story: dead-man (everything dies while the application stands still)')
    .option('--context <name>', 'on this context of your kubeconfig instead')
    .option('--temporal <address>', 'and on this Temporal, such as 127.0.0.1:7233')
    .option('--temporal-ui <url>', 'where its UI is, such as http://127.0.0.1:8233')
    .option('--repository <s3 url>', 'where the copies go, such as s3:https://s3.example.com/bucket')
    .option('--mover-image <image>', 'made from images/mover, in a place where your cluster finds it')
    .option('--application-image <image>', 'a busybox for the example application', 'busybox:stable')
    .option('--storage-class <name>', 'one that can take snapshots; the default one when absent');
}

function ownCluster(given: Given, environment: Environment): Choice {
  const { temporalUi, storageClass, applicationImage } = given;
  const needed = complete({
    context: ['--context <name>', given.context],
    temporal: ['--temporal <address>', given.temporal],
    repository: ['--repository s3:https://<endpoint>/<bucket>', given.repository],
    accessKey: ['AWS_ACCESS_KEY_ID in the environment', environment['AWS_ACCESS_KEY_ID']],
    secretKey: ['AWS_SECRET_ACCESS_KEY in the environment', environment['AWS_SECRET_ACCESS_KEY']],
    moverImage: ['--mover-image <image> (docker build images/mover)', given.moverImage],
  });
  if (!/^s3:https?:\/\/[^/]+\/[^/]+/.test(needed.repository))
    throw new DemoError(`--repository is "${needed.repository}", expected s3:https://<endpoint>/<bucket>.`);
  return {
    on: 'own cluster',
    ...needed,
    applicationImage,
    ...(temporalUi !== undefined && { temporalUi: temporalUi.replace(/\/+$/, '') }),
    ...(storageClass !== undefined && { storageClass }),
  };
}

type Answer = readonly [howToGiveIt: string, value: string | undefined];

/** All that is missing is said at once. */
function complete<Name extends string>(answers: Readonly<Record<Name, Answer>>): Record<Name, string> {
  const pairs = Object.entries<Answer>(answers);
  const missing = pairs.flatMap(([, [howToGiveIt, value]]) => (value ? [] : [howToGiveIt]));
  if (missing.length > 0) throw new DemoError(`A cluster of your own also needs ${missing.join(', ')}.`);
  return Object.fromEntries(pairs.map(([name, [, value]]) => [name, value])) as Record<Name, string>;
}
