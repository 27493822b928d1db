// The rclone mover: environment and volumes of reference VolSync §5.2 and §7.4; the script is
// images/mover/mover-rclone/active.sh.
import type { RcloneDestinationOptions } from '../api/destination-options.ts';
import type { RcloneOptions } from '../api/rclone-options.ts';
import { givenSecret, rcloneVariables, READABLE } from './environment.ts';
import { readJsonLine } from './json-log.ts';
import type { EnvVar, Mover, MoverEnd, MoverInput, PodVolume } from './mover.ts';

/** Makes the path on the remote what the copy is. */
export function rcloneSource(options: RcloneOptions): Mover {
  return {
    ...common(options),
    side: 'source',
    jobPrefix: 'volsync-rclone-src-',
    environment: (input) => environment(options, input, 'source'),
    log: logOf('uploading'),
  };
}

/** Makes the volume what stands on the remote. */
export function rcloneDestination(options: RcloneDestinationOptions): Mover {
  return {
    ...common(options),
    side: 'destination',
    jobPrefix: 'volsync-rclone-dst-',
    environment: (input) => environment(options, input, 'destination'),
    log: logOf('downloading'),
  };
}

function common(options: RcloneOptions | RcloneDestinationOptions) {
  const problem = whatIsMissing(options);
  return {
    ...(problem !== undefined && { problem }),
    name: 'rclone',
    container: 'rclone',
    command: ['/bin/bash', '-c', '/mover-rclone/active.sh'],
    root: { always: false, capabilities: ['DAC_OVERRIDE', 'CHOWN', 'FOWNER'] },
    secret: givenSecret('spec.rclone.rcloneConfig', options.rcloneConfig, ['rclone.conf']),
    pod: options,
    arguments: () => [],
    volumes: configuration,
    readExit,
  } as const satisfies Partial<Mover>;
}

function whatIsMissing(options: RcloneOptions | RcloneDestinationOptions): string | undefined {
  const { rcloneConfigSection = '', rcloneDestPath = '' } = options;
  if (rcloneConfigSection === '')
    return 'spec.rclone.rcloneConfigSection must name the remote, a section of rclone.conf';
  return rcloneDestPath === ''
    ? 'spec.rclone.rcloneDestPath must name a path on the remote, such as bucket/folder'
    : undefined;
}

// Later entries win: a Secret cannot turn the mover round.
function environment(
  { rcloneConfigSection = '', rcloneDestPath = '' }: RcloneOptions | RcloneDestinationOptions,
  { secret }: MoverInput,
  direction: string,
): readonly EnvVar[] {
  return [
    ...rcloneVariables(secret),
    { name: 'RCLONE_CONFIG', value: '/rclone-config/rclone.conf' },
    { name: 'RCLONE_DEST_PATH', value: rcloneDestPath },
    { name: 'DIRECTION', value: direction },
    { name: 'MOUNT_PATH', value: '/data' },
    { name: 'RCLONE_CONFIG_SECTION', value: rcloneConfigSection },
  ];
}

function configuration({ secret }: MoverInput): readonly PodVolume[] {
  const source = { secretName: secret.name, defaultMode: READABLE };
  return [{ volume: { name: 'rclone-secret', secret: source }, mountPath: '/rclone-config' }];
}

const KEPT = [
  /^\s*([Tt]ransferred|[Cc]hecks|[Dd]eleted|[Ee]lapsed time):/,
  /^\s*[Rr]clone completed in/,
  /^(ERROR|NOTICE):/,
  /Directory is empty/,
];

function logOf(phase: string) {
  return {
    readLine: (line: string) => readJsonLine(line, phase),
    keepsLine: (text: string) => KEPT.some((pattern) => pattern.test(text)),
  };
}

// The script's exit codes (docs/movers/rclone.md): environment, direction, volume, debug session, configuration and a
// file of the user's in our way, too many files for the list, or a full destination, do not mend themselves; nor does a path on the remote that is not there.
function readExit(exitCode: number): MoverEnd {
  return [3, 21, 22, 23, 24, 25, 26, 27, 28].includes(exitCode) ? 'refused' : 'retry';
}
