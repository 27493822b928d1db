// The restic mover: environment and arguments of reference VolSync §5.1 and §7.3; the script is
// images/mover/mover-restic/entry.sh.
import type { ResticDestinationOptions } from '../api/destination-options.ts';
import type { ResticOptions } from '../api/restic-options.ts';
import { fromSecret, givenSecret, rcloneVariables } from './environment.ts';
import type { CacheNeed, EnvVar, Mover, MoverEnd, MoverInput, PodVolume } from './mover.ts';
import { resticLog } from './restic-log.ts';

const DAY_MS = 24 * 3600 * 1000;
const REQUIRED_KEYS = ['RESTIC_REPOSITORY', 'RESTIC_PASSWORD'];
const GOOGLE_CREDENTIALS = 'GOOGLE_APPLICATION_CREDENTIALS';

// Keys that reach restic one to one when the Secret holds them.
const OPTIONAL_KEYS = `
  RESTIC_COMPRESSION RESTIC_PACK_SIZE RESTIC_READ_CONCURRENCY
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_DEFAULT_REGION AWS_PROFILE
  RESTIC_AWS_ASSUME_ROLE_ARN RESTIC_AWS_ASSUME_ROLE_SESSION_NAME RESTIC_AWS_ASSUME_ROLE_EXTERNAL_ID
  RESTIC_AWS_ASSUME_ROLE_POLICY RESTIC_AWS_ASSUME_ROLE_REGION RESTIC_AWS_ASSUME_ROLE_STS_ENDPOINT
  ST_AUTH ST_USER ST_KEY
  OS_AUTH_URL OS_REGION_NAME OS_USERNAME OS_USER_ID OS_PASSWORD OS_TENANT_ID OS_TENANT_NAME
  OS_USER_DOMAIN_NAME OS_USER_DOMAIN_ID OS_PROJECT_NAME OS_PROJECT_DOMAIN_NAME OS_PROJECT_DOMAIN_ID OS_TRUST_ID
  OS_APPLICATION_CREDENTIAL_ID OS_APPLICATION_CREDENTIAL_NAME OS_APPLICATION_CREDENTIAL_SECRET
  OS_STORAGE_URL OS_AUTH_TOKEN
  B2_ACCOUNT_ID B2_ACCOUNT_KEY
  AZURE_ACCOUNT_NAME AZURE_ACCOUNT_KEY AZURE_ACCOUNT_SAS AZURE_ENDPOINT_SUFFIX AZURE_TENANT_ID AZURE_CLIENT_ID
  AZURE_FEDERATED_TOKEN_FILE
  GOOGLE_PROJECT_ID RESTIC_REST_USERNAME RESTIC_REST_PASSWORD`
  .trim()
  .split(/\s+/);

type Options = ResticOptions | ResticDestinationOptions;

/** Saves the copy as a snapshot of the repository. */
export function resticSource(options: ResticOptions): Mover {
  const problem = retainProblem(options.retain);
  return {
    ...common(options),
    ...(problem !== undefined && { problem }),
    side: 'source',
    jobPrefix: 'volsync-src-',
    arguments: (input) => backupArguments(options, input),
    environment: (input) => [
      ...environment(input, { FORGET_OPTIONS: forgetOptions(options.retain), SELECT_PREVIOUS: '0' }),
      // The snapshot's tag.
      ...(input.consistency === undefined ? [] : [{ name: 'CONSISTENCY', value: input.consistency }]),
    ],
    log: resticLog('uploading'),
  };
}

/** Fills the volume from a snapshot of the repository. */
export function resticDestination(options: ResticDestinationOptions): Mover {
  return {
    ...common(options),
    side: 'destination',
    jobPrefix: 'volsync-dst-',
    arguments: () => ['restore'],
    environment: (input) =>
      environment(input, {
        RESTORE_AS_OF: options.restoreAsOf ?? '',
        SELECT_PREVIOUS: String(options.previous ?? 0),
        RESTORE_OPTIONS: options.enableFileDeletion === true ? '--delete' : '',
      }),
    log: resticLog('restoring'),
  };
}

function common(options: Options) {
  return {
    name: 'restic',
    container: 'restic',
    command: ['/mover-restic/entry.sh'],
    root: { always: false, capabilities: ['DAC_OVERRIDE', 'CHOWN', 'FOWNER'] },
    secret: givenSecret('spec.restic.repository', options.repository, REQUIRED_KEYS),
    pod: options,
    cache: cacheNeed(options),
    volumes: googleCredentials,
    readExit,
  } as const satisfies Partial<Mover>;
}

function cacheNeed(options: Options): CacheNeed {
  const storageClassName = options.cacheStorageClassName ?? options.storageClassName;
  const accessModes = options.cacheAccessModes ?? options.accessModes;
  return {
    capacity: String(options.cacheCapacity ?? '1Gi'),
    ...(storageClassName !== undefined && { storageClassName }),
    ...(accessModes !== undefined && { accessModes }),
  };
}

/** `unlock` once per distinct value of spec.restic.unlock; `prune` one interval after the last one, or after the source was made. */
function backupArguments(
  { unlock, pruneIntervalDays = 7 }: ResticOptions,
  { status, creationTime, now }: MoverInput,
): readonly string[] {
  const unlocks = unlock !== undefined && unlock !== '' && unlock !== status.lastUnlocked;
  const lastPruned = Date.parse(status.lastPruned ?? creationTime);
  const prunes = now > lastPruned + pruneIntervalDays * DAY_MS;
  return [...(unlocks ? ['unlock'] : []), 'backup', ...(prunes ? ['prune'] : [])];
}

function environment({ secret }: MoverInput, own: Readonly<Record<string, string>>): readonly EnvVar[] {
  const present = new Set(secret.keys);
  const values = {
    FORGET_OPTIONS: '',
    DATA_DIR: '/data',
    RESTIC_CACHE_DIR: '/cache',
    RESTORE_AS_OF: '',
    SELECT_PREVIOUS: '0',
    RESTORE_OPTIONS: '',
    ...own,
  };
  return [
    ...Object.entries(values).map(([name, value]) => ({ name, value })),
    ...REQUIRED_KEYS.map((key) => fromSecret(secret.name, key, false)),
    ...OPTIONAL_KEYS.filter((key) => present.has(key)).map((key) => fromSecret(secret.name, key, true)),
    ...rcloneVariables(secret),
    ...(present.has(GOOGLE_CREDENTIALS)
      ? [{ name: GOOGLE_CREDENTIALS, value: '/credentials/gcs.json' }]
      : []),
  ];
}

function googleCredentials({ secret }: MoverInput): readonly PodVolume[] {
  if (!secret.keys.includes(GOOGLE_CREDENTIALS)) return [];
  const items = [{ key: GOOGLE_CREDENTIALS, path: 'gcs.json' }];
  return [
    {
      volume: { name: 'gcs-credentials', secret: { secretName: secret.name, items } },
      mountPath: '/credentials',
    },
  ];
}

const RULES = ['hourly', 'daily', 'weekly', 'monthly', 'yearly', 'within', 'last'] as const;

/** Flags of `restic forget`; without any rule only the last snapshot is kept (VolSync). */
export function forgetOptions(retain: ResticOptions['retain']): string {
  const flags = RULES.flatMap((rule) => {
    const value = retain?.[rule];
    return value === undefined || value === '' ? [] : [` --keep-${rule} ${value}`];
  });
  return flags.length > 0 ? flags.join('') : ' --keep-last 1';
}

// They reach restic's command line: nothing but what the rules mean may stand there (VolSync MV-9).
function retainProblem(retain: ResticOptions['retain']): string | undefined {
  const { within = '', last = '' } = retain ?? {};
  if (!/^(\d+[ymdh])*$/.test(within))
    return `spec.restic.retain.within is ${JSON.stringify(within)}; write it as restic does, such as 1y2m7d5h`;
  if (!/^(\d*|unlimited)$/.test(last))
    return `spec.restic.retain.last is ${JSON.stringify(last)}; write a number such as "3"`;
  return undefined;
}

// The script's exit codes (docs/movers/restic.md): after 20 and 21 the snapshot is saved and only forget or
// prune failed, which must not repeat the backup (VolSync MV-13); environment, operation, volume, debug session,
// full destination and password do not mend themselves.
function readExit(exitCode: number): MoverEnd {
  if (exitCode === 20 || exitCode === 21) return 'moved';
  return [1, 2, 4, 5, 8, 12].includes(exitCode) ? 'refused' : 'retry';
}
