// Where the demo plays: the local stack, or a cluster and a Temporal of one's own.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { mover } from '../images/recipes.ts';
import { layoutOf } from '../stack/layout.ts';
import { marksOf } from '../stack/processes.ts';
import type { Stack } from '../stack/stack.ts';
import { stackUp } from '../stack/up.ts';
import { BUCKET, makeBucket } from './bucket.ts';
import type { Choice } from './options.ts';
import type { SeedChoices } from './seed.ts';
import type { Teller } from './story.ts';

export interface Place {
  /** By these variables kubectl, worker, controller and the demo itself find cluster and Temporal. */
  readonly environment: Readonly<Record<string, string>>;
  /** For worker and controller only. */
  readonly ownEnvironment: Readonly<Record<string, string>>;
  readonly context?: string;
  readonly seed: SeedChoices;
  readonly moverImage: string;
  /** Address of Temporal's UI, where it is known. */
  readonly temporalUi?: string;
  /** Name of the local stack, where there is one. */
  readonly stack?: string;
  /** How people call the two programs there. */
  readonly commands: { readonly kubectl: string; readonly temporal: string };
}

/** Where logs are, known before anything has been started. */
export function logFolderOf(choice: Choice): string {
  if (choice.on === 'stack') return layoutOf(choice.name).logs;
  return join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'stillpoint', 'demo');
}

/** Starts the local stack if that is the choice. */
export async function openPlace(choice: Choice, tell: Teller): Promise<Place> {
  mkdirSync(logFolderOf(choice), { recursive: true });
  if (choice.on === 'own cluster') return ownPlace(choice);
  const stack = await stackUp(choice.name, (line) => tell.say(line));
  await makeBucket(stack.objectStore);
  return localPlace(stack);
}

function localPlace(stack: Stack): Place {
  const { endpointFromPods, accessKey, secretKey } = stack.objectStore;
  return {
    environment: {
      KUBECONFIG: stack.kubeconfig,
      KUBECACHEDIR: join(stack.stateFolder, 'kubectl-cache'),
      TEMPORAL_ADDRESS: stack.temporalAddress,
      // A file that is not there: the profiles of the person at the terminal are for their own Temporal.
      TEMPORAL_CONFIG_FILE: join(stack.stateFolder, 'no-profile.toml'),
      PATH: `${stack.binFolder}:${process.env['PATH'] ?? ''}`,
    },
    ownEnvironment: marksOf(stack.stateFolder, 'demo'),
    seed: { repository: repositoryOf(`s3:${endpointFromPods}/${BUCKET}`, { accessKey, secretKey }) },
    moverImage: mover.name,
    temporalUi: stack.temporalUi,
    stack: stack.name,
    commands: { kubectl: 'kubectl', temporal: 'temporal' },
  };
}

function ownPlace(choice: Choice & { on: 'own cluster' }): Place {
  const { context, temporal, temporalUi, moverImage, applicationImage, storageClass } = choice;
  return {
    environment: { TEMPORAL_ADDRESS: temporal, STILLPOINT_CONTEXT: context },
    ownEnvironment: {},
    context,
    commands: { kubectl: `kubectl --context ${context}`, temporal: `temporal --address ${temporal}` },
    seed: {
      repository: repositoryOf(choice.repository, choice),
      applicationImage,
      ...(storageClass !== undefined && { storageClass }),
    },
    moverImage,
    ...(temporalUi !== undefined && { temporalUi }),
  };
}

// Fresh for every run: an earlier run's copies would be found in it.
function repositoryOf(parent: string, keys: { readonly accessKey: string; readonly secretKey: string }) {
  const run = new Date().toISOString().replace(/[^0-9]/g, '');
  return {
    RESTIC_REPOSITORY: `${parent.replace(/\/+$/, '')}/stillpoint-demo-${run}`,
    RESTIC_PASSWORD: randomBytes(16).toString('hex'),
    AWS_ACCESS_KEY_ID: keys.accessKey,
    AWS_SECRET_ACCESS_KEY: keys.secretKey,
  };
}

/** Makes this process, and with it its children, see the place. */
export function enterPlace({ environment, stack }: Place): void {
  for (const name of Object.keys(process.env))
    if (stack !== undefined && /^(TEMPORAL|STILLPOINT)_/.test(name)) delete process.env[name];
  Object.assign(process.env, environment);
}
