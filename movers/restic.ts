// The restic mover, source side: environment, arguments and log lines of reference VolSync §5.1 and §5.6;
// the script is images/mover/mover-restic/entry.sh.
import type { ResticOptions } from '../api/restic-options.ts';
import type { EnvVar, LogLine, Mover, MoverEnd, MoverInput, MoverVolume } from './mover.ts';

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

export const restic: Mover<ResticOptions> = {
  name: 'restic',
  jobPrefix: 'volsync-src-',
  container: 'restic',
  command: ['/mover-restic/entry.sh'],
  secret: (options) => ({ name: options.repository ?? '', keys: REQUIRED_KEYS }),
  cache: (options) => {
    const storageClassName = options.cacheStorageClassName ?? options.storageClassName;
    const accessModes = options.cacheAccessModes ?? options.accessModes;
    return {
      capacity: String(options.cacheCapacity ?? '1Gi'),
      ...(storageClassName !== undefined && { storageClassName }),
      ...(accessModes !== undefined && { accessModes }),
    };
  },
  arguments: resticArguments,
  environment: resticEnvironment,
  volumes: resticVolumes,
  readLine,
  keepsLine: (text) => KEPT.some((pattern) => pattern.test(text)),
  readExit,
};

/** `unlock` once per distinct value of spec.restic.unlock; `prune` one interval after the last one, or after the source was made. */
function resticArguments({
  options,
  status,
  creationTime,
  now,
}: MoverInput<ResticOptions>): readonly string[] {
  const unlock =
    options.unlock !== undefined && options.unlock !== '' && options.unlock !== status.lastUnlocked;
  const lastPruned = Date.parse(status.lastPruned ?? creationTime);
  const prune = now > lastPruned + (options.pruneIntervalDays ?? 7) * DAY_MS;
  return [...(unlock ? ['unlock'] : []), 'backup', ...(prune ? ['prune'] : [])];
}

function resticEnvironment({ options, secretKeys }: MoverInput<ResticOptions>): readonly EnvVar[] {
  const secret = options.repository ?? '';
  const present = new Set(secretKeys);
  const rclone = secretKeys.filter((key) => key.startsWith('RCLONE_')).sort();
  return [
    { name: 'FORGET_OPTIONS', value: forgetOptions(options.retain) },
    { name: 'DATA_DIR', value: '/data' },
    { name: 'RESTIC_CACHE_DIR', value: '/cache' },
    { name: 'RESTORE_AS_OF', value: '' },
    { name: 'SELECT_PREVIOUS', value: '0' },
    { name: 'RESTORE_OPTIONS', value: '' },
    ...REQUIRED_KEYS.map((key) => fromSecret(secret, key, false)),
    ...OPTIONAL_KEYS.filter((key) => present.has(key)).map((key) => fromSecret(secret, key, true)),
    ...rclone.map((key) => fromSecret(secret, key, true)),
    ...(present.has(GOOGLE_CREDENTIALS)
      ? [{ name: GOOGLE_CREDENTIALS, value: '/credentials/gcs.json' }]
      : []),
  ];
}

function resticVolumes({ options, secretKeys }: MoverInput<ResticOptions>): readonly MoverVolume[] {
  if (!secretKeys.includes(GOOGLE_CREDENTIALS)) return [];
  const items = [{ key: GOOGLE_CREDENTIALS, path: 'gcs.json' }];
  return [
    {
      volume: { name: 'gcs-credentials', secret: { secretName: options.repository, items } },
      mountPath: '/credentials',
    },
  ];
}

/** Flags of `restic forget`; without any rule only the last snapshot is kept (VolSync). */
export function forgetOptions(retain: ResticOptions['retain']): string {
  const rules = ['hourly', 'daily', 'weekly', 'monthly', 'yearly', 'within', 'last'] as const;
  const flags = rules.flatMap((rule) => {
    const value = retain?.[rule];
    return value === undefined || value === '' ? [] : [` --keep-${rule} ${value}`];
  });
  return flags.length > 0 ? flags.join('') : ' --keep-last 1';
}

function fromSecret(name: string, key: string, optional: boolean): EnvVar {
  return { name: key, valueFrom: { secretKeyRef: { name, key, optional } } };
}

// The script's exit codes (docs/movers/restic.md): after 20 and 21 the snapshot is saved and only forget or
// prune failed, which must not repeat the backup (VolSync MV-13); environment, operation, volume, debug session
// and password do not mend themselves.
function readExit(exitCode: number): MoverEnd {
  if (exitCode === 20 || exitCode === 21) return 'moved';
  return [1, 2, 4, 5, 12].includes(exitCode) ? 'refused' : 'retry';
}

const KEPT = [
  /^\s*[Pp]rocessed .* files/,
  /^\s*[Ss]napshot .* saved/,
  /^\s*No eligible/,
  /^\s*[Cc]reated/,
  /^\s*[Rr]epository .* opened/,
  /^\s*[Rr]estoring/,
  /^\s*[Nn]o parent snapshot/,
  /^\s*[Uu]sing parent snapshot/,
  /^\s*[Aa]dded to the repository/,
  /^\s*[Ss]uccessfully/,
  /^\s*[Ff]atal/,
  /^\s*ERROR/,
  /^\s*[Rr]estic completed in/,
  /No data|Directory is empty|RESTORE_OPTIONS|[Ii]nitialize [Dd]ir/,
];

interface ResticMessage {
  readonly message_type?: string;
  readonly percent_done?: number;
  readonly total_files?: number;
  readonly files_done?: number;
  readonly total_bytes?: number;
  readonly bytes_done?: number;
  readonly seconds_elapsed?: number;
  readonly seconds_remaining?: number;
  readonly snapshot_id?: string;
  readonly total_bytes_processed?: number;
  readonly total_files_processed?: number;
  readonly data_added?: number;
}

function readLine(line: string): LogLine {
  const message = line.startsWith('{') ? parseMessage(line) : undefined;
  if (message?.message_type === 'status') return { kind: 'progress', progress: progressOf(message) };
  if (message?.message_type === 'summary' && message.snapshot_id !== undefined) {
    return {
      kind: 'summary',
      snapshotId: message.snapshot_id,
      bytes: message.total_bytes_processed ?? 0,
      files: message.total_files_processed ?? 0,
      bytesAdded: message.data_added ?? 0,
    };
  }
  return { kind: 'text', text: line };
}

function progressOf(message: ResticMessage) {
  const { percent_done = 0, total_bytes, bytes_done = 0, total_files, files_done = 0 } = message;
  const { seconds_elapsed, seconds_remaining } = message;
  return {
    phase: 'uploading',
    percent: Math.round(percent_done * 1000) / 10,
    bytesDone: bytes_done,
    filesDone: files_done,
    ...(total_bytes !== undefined && { bytesTotal: total_bytes }),
    ...(total_files !== undefined && { filesTotal: total_files }),
    ...(seconds_elapsed ? { bytesPerSecond: Math.round(bytes_done / seconds_elapsed) } : {}),
    ...(seconds_remaining !== undefined && { secondsRemaining: seconds_remaining }),
  };
}

function parseMessage(line: string): ResticMessage | undefined {
  try {
    return JSON.parse(line) as ResticMessage;
  } catch {
    return undefined; // A line that merely begins with a brace is text.
  }
}
