// The rsync-tls mover: rsync in a TLS tunnel opened with a pre-shared key (reference VolSync §5.3, §7.5); the scripts
// are images/mover/mover-rsync-tls/client.sh and server.sh.
import type { RsyncTlsDestinationOptions } from '../api/destination-options.ts';
import type { RsyncTlsOptions } from '../api/rsync-options.ts';
import { destinationVariables, givenSecret, READABLE } from './environment.ts';
import type { Mover, MoverEnd, MoverInput, PodVolume } from './mover.ts';
import { PSK } from './own-keys.ts';
import { rsyncLog } from './rsync-log.ts';

/** Sends the copy to a listening destination. */
export function rsyncTlsSource(options: RsyncTlsOptions): Mover {
  const { address = '' } = options;
  return {
    ...common(options),
    ...(address === '' && {
      problem:
        'spec.rsyncTLS.address must be the address that the ReplicationDestination reports in status.rsyncTLS.address',
    }),
    side: 'source',
    jobPrefix: 'volsync-rsync-tls-src-',
    command: ['/bin/bash', '-c', '/mover-rsync-tls/client.sh'],
    environment: () => destinationVariables(options),
    log: rsyncLog('sending', keepsFailureLine),
  };
}

/** Listens until a source has sent all it has. */
export function rsyncTlsDestination(options: RsyncTlsDestinationOptions): Mover {
  const { serviceType = 'ClusterIP', serviceAnnotations: annotations } = options;
  return {
    ...common(options),
    side: 'destination',
    jobPrefix: 'volsync-rsync-tls-dst-',
    command: ['/bin/bash', '-c', '/mover-rsync-tls/server.sh'],
    service: {
      type: serviceType,
      port: 8000,
      targetPort: 8000,
      portName: 'rsync-tls',
      ...(annotations !== undefined && { annotations }),
    },
    environment: () => [],
    log: rsyncLog('receiving', keepsFailureLine),
  };
}

function common(options: RsyncTlsOptions | RsyncTlsDestinationOptions) {
  const { keySecret } = options;
  return {
    name: 'rsync-tls',
    container: 'rsync-tls',
    root: { always: false, capabilities: ['DAC_OVERRIDE', 'CHOWN', 'FOWNER', 'SETGID'] },
    secret:
      keySecret === undefined
        ? { kind: 'own', keys: 'psk' }
        : givenSecret('spec.rsyncTLS.keySecret', keySecret, PSK),
    pod: options,
    arguments: () => [],
    volumes: keys,
    readExit,
  } as const satisfies Partial<Mover>;
}

function keys({ secret }: MoverInput): readonly PodVolume[] {
  const source = { secretName: secret.name, defaultMode: READABLE };
  return [{ volume: { name: 'keys', secret: source }, mountPath: '/keys' }];
}

// VolSync's: stunnel has much to say that helps nobody.
function keepsFailureLine(text: string): boolean {
  return /sent .* bytes|total size|rsync completed|^(disk)?rsync|fail|error/i.test(text);
}

// The scripts' exit codes (docs/movers/rsync-tls.md): environment, key, volume, debug session and a
// full destination do not mend themselves.
function readExit(exitCode: number): MoverEnd {
  return [1, 2, 4, 5, 7, 8].includes(exitCode) ? 'refused' : 'retry';
}
