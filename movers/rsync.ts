// The rsync mover: rsync over ssh, which VolSync calls deprecated and whose manifests must go on working (reference
// VolSync §5.4, §7.6); the scripts are images/mover/mover-rsync/source.sh and destination.sh.
import type { RsyncDestinationOptions } from '../api/destination-options.ts';
import type { RsyncOptions } from '../api/rsync-options.ts';
import { destinationVariables, givenSecret } from './environment.ts';
import type { Mover, MoverEnd, MoverInput, PodVolume } from './mover.ts';
import { DESTINATION_KEYS, SOURCE_KEYS } from './own-keys.ts';
import { rsyncLog } from './rsync-log.ts';

// ssh takes no private key that others may read; the mover is root.
const ROOT_ONLY = 0o600;

/** Sends the copy to a listening destination. */
export function rsyncSource(options: RsyncOptions): Mover {
  const { address = '', port } = options;
  return {
    ...common(options, SOURCE_KEYS),
    ...(address === '' && {
      problem:
        'spec.rsync.address must be the address that the ReplicationDestination reports in status.rsync.address',
    }),
    side: 'source',
    jobPrefix: 'volsync-rsync-src-',
    command: ['/bin/bash', '-c', '/mover-rsync/source.sh'],
    environment: () => destinationVariables({ address, port }),
    log: rsyncLog('sending'),
  };
}

/** Listens until a source has sent all it has. */
export function rsyncDestination(options: RsyncDestinationOptions): Mover {
  const { serviceType = 'ClusterIP', serviceAnnotations: annotations, port = 22, address } = options;
  const service = {
    type: serviceType,
    port,
    targetPort: 8022,
    portName: 'ssh',
    ...(annotations !== undefined && { annotations }),
  };
  return {
    ...common(options, DESTINATION_KEYS),
    side: 'destination',
    jobPrefix: 'volsync-rsync-dst-',
    command: ['/bin/bash', '-c', '/mover-rsync/destination.sh'],
    ...(address === undefined && { service }),
    environment: () => [],
    log: rsyncLog('receiving'),
  };
}

function common(options: RsyncOptions | RsyncDestinationOptions, keys: readonly string[]) {
  const { sshKeys } = options;
  return {
    name: 'rsync',
    container: 'rsync',
    root: {
      always: true,
      capabilities: ['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID', 'SYS_CHROOT'],
    },
    secret:
      sshKeys === undefined ? { kind: 'own', keys: 'ssh' } : givenSecret('spec.rsync.sshKeys', sshKeys, keys),
    pod: options,
    arguments: () => [],
    volumes,
    readExit,
  } as const satisfies Partial<Mover>;
}

function volumes({ secret }: MoverInput): readonly PodVolume[] {
  return [
    {
      volume: { name: 'keys', secret: { secretName: secret.name, defaultMode: ROOT_ONLY } },
      mountPath: '/keys',
    },
    {
      volume: { name: 'tempsshdir', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
      mountPath: '/root/.ssh',
      writable: true,
    },
  ];
}

// The scripts' exit codes (docs/movers/rsync.md): environment, keys, volume, debug session, an unknown host and a
// full destination do not mend themselves.
function readExit(exitCode: number): MoverEnd {
  return [1, 2, 4, 5, 6, 7, 8].includes(exitCode) ? 'refused' : 'retry';
}
