// OpenSSH as a server of sftp, in a pod of the mover's image.
import type { KeyObject } from 'node:crypto';
import type { Pod } from '../../../api/kubernetes.ts';
import type { Application } from '../world.ts';
import type { Target } from './stalling-way.ts';

const PORT = 2222;

/** Lets in the owner of that Ed25519 key, as root. */
export async function sftpServer(place: Application, publicKey: KeyObject): Promise<Target> {
  const options = [
    'AuthorizedKeysFile=/tmp/authorized_keys',
    'StrictModes=no',
    'PermitRootLogin=prohibit-password',
    'ForceCommand=internal-sftp',
    'Subsystem=sftp internal-sftp',
  ];
  const start = [
    `echo '${openSsh(publicKey)}' > /tmp/authorized_keys`,
    "ssh-keygen -q -t ed25519 -N '' -f /tmp/host_key",
    `exec /usr/sbin/sshd -D -e -f /dev/null -p ${PORT} -h /tmp/host_key ${options.map((option) => `-o '${option}'`).join(' ')}`,
  ];
  const container = {
    name: 'main',
    image: 'registry.local/stillpoint-mover:dev',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-ec', start.join('\n')],
    readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
  };
  await place.world.cluster.pods.create({
    metadata: { namespace: place.namespace, name: 'sftp' },
    spec: { terminationGracePeriodSeconds: 0, containers: [container] },
  } as Pod);
  await place.kubectl('wait', '--for=condition=Ready', 'pod/sftp', '--timeout=90s');
  const host = await place.kubectl('get', 'pod', 'sftp', '-o', 'jsonpath={.status.podIP}');
  return { host, port: PORT };
}

/** The key as it stands in authorized_keys. */
export function openSsh(publicKey: KeyObject): string {
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const parts = [Buffer.from('ssh-ed25519'), Buffer.from(x, 'base64url')];
  const withLengths = parts.flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  });
  return `ssh-ed25519 ${Buffer.concat(withLengths).toString('base64')}`;
}
