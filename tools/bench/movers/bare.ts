// The bare tools: what each mover calls, called by hand with the same data, flags and way, in a pod of the same image.
import { randomBytes } from 'node:crypto';
import type { Place } from '../place.ts';
import { emptyPvc } from './data.ts';
import type { MoverRunWish } from './run.ts';
import { finished, podOf, started } from './pods.ts';
import type { PodWish } from './pods.ts';

// Those of VolSync and of our scripts.
const RSYNC = 'rsync -aAHSxz --numeric-ids --no-devices --exclude=/lost+found';

/** Seconds that the tool itself takes, by the clock in its pod. */
export async function runBare(place: Place, wish: MoverRunWish): Promise<number> {
  if (wish.mover === 'restic' || wish.mover === 'rclone') return timed(place, wish, toStore(place, wish));
  return toReceiver(place, wish);
}

async function timed(
  place: Place,
  { namespace, name, data }: MoverRunWish,
  { before = '', command, environment }: Command,
): Promise<number> {
  const script = `set -eu; cd /data
${before}
began=$(date +%s%N)
{ ${command}; } >/tmp/said 2>&1 || { tail -n 20 /tmp/said; exit 1; }
echo "nanoseconds: $(($(date +%s%N) - began))"`;
  const wish: PodWish = { script, pvc: data.name, environment };
  const said = await finished(place, podOf({ namespace, name }, wish));
  return Number(/nanoseconds: (\d+)/.exec(said)?.[1]) / 1e9;
}

interface Command {
  /** Not timed. */
  readonly before?: string;
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
}

function toStore({ stack }: Place, { mover, namespace, name }: MoverRunWish): Command {
  const { endpointFromPods, accessKey, secretKey } = stack.objectStore;
  const path = `repositories/${namespace}/${name}`;
  if (mover === 'restic')
    return {
      command: 'restic init && restic backup --host volsync --exclude=lost+found .',
      environment: {
        RESTIC_REPOSITORY: `s3:${endpointFromPods}/${path}`,
        RESTIC_PASSWORD: 'a password for measuring',
        RESTIC_CACHE_DIR: '/cache',
        AWS_ACCESS_KEY_ID: accessKey,
        AWS_SECRET_ACCESS_KEY: secretKey,
      },
    };
  return {
    command: `rclone sync . store:${path} --checksum --transfers 10 --one-file-system --create-empty-src-dirs`,
    environment: {
      RCLONE_CONFIG_STORE_TYPE: 's3',
      RCLONE_CONFIG_STORE_PROVIDER: 'Minio',
      RCLONE_CONFIG_STORE_ENDPOINT: endpointFromPods,
      RCLONE_CONFIG_STORE_ACCESS_KEY_ID: accessKey,
      RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: secretKey,
      RCLONE_CONFIG_STORE_NO_CHECK_BUCKET: 'true',
    },
  };
}

async function toReceiver(place: Place, wish: MoverRunWish): Promise<number> {
  const { mover, namespace, name } = wish;
  const receiver = `${name}-receiver`;
  const tls = mover === 'rsync-tls';
  const key = randomBytes(64).toString('hex');
  const { cluster, kubectl } = place;
  await cluster.pvcs.create(emptyPvc(namespace, receiver));
  const pod = podOf(
    { namespace, name: receiver },
    {
      script: tls ? TLS_RECEIVER : SSH_RECEIVER,
      pvc: receiver,
      writes: true,
      environment: { KEY: key },
      port: 8000,
    },
  );
  await started(place, pod);
  const service = await cluster.services.create({
    metadata: { namespace, name: receiver },
    spec: { selector: { app: receiver }, ports: [{ port: 8000, targetPort: 8000 }] },
  });
  const address = String(service.spec?.clusterIP);
  const environment = {
    KEY: tls ? key : await kubectl('-n', namespace, 'exec', receiver, '--', 'cat', '/tmp/client'),
    ADDRESS: address,
  };
  const seconds = await timed(place, wish, { ...(tls ? TLS_SENDER : SSH_SENDER), environment });
  for (const kind of ['pod', 'service', 'pvc']) await kubectl('-n', namespace, 'delete', kind, receiver);
  return seconds;
}

const TUNNEL = `printf 'bench:%s\\n' "$KEY" >/tmp/psk; chmod 600 /tmp/psk
printf '%s\\n' 'pid =' 'syslog = no' 'PSKsecrets = /tmp/psk' 'ciphers = kPSK' 'sslVersionMin = TLSv1.3' >/tmp/stunnel.conf`;

const TLS_RECEIVER = `set -eu
${TUNNEL}
printf '%s\\n' 'use chroot = no' 'munge symlinks = yes' 'numeric ids = yes' 'read only = no' 'reverse lookup = no' \\
  'uid = 0' 'gid = 0' '[data]' 'path = /data' >/tmp/rsyncd.conf
printf '%s\\n' 'foreground = yes' '[rsync]' 'accept = 0.0.0.0:8000' 'exec = /usr/bin/rsync' \\
  'execArgs = rsync --daemon --config=/tmp/rsyncd.conf' >>/tmp/stunnel.conf
exec stunnel /tmp/stunnel.conf`;

const TLS_SENDER = {
  before: `${TUNNEL}
printf '%s\\n' 'foreground = quiet' 'client = yes' "connect = $ADDRESS:8000" >>/tmp/stunnel.conf
export RSYNC_CONNECT_PROG='exec stunnel /tmp/stunnel.conf'`,
  command: `${RSYNC} /data/ rsync://destination/data/`,
};

const SSH_RECEIVER = `set -eu
mkdir -p /run/sshd
for key in host client; do ssh-keygen -q -t ed25519 -N '' -f /tmp/$key; done
exec /usr/sbin/sshd -D -e -f /dev/null -p 8000 -h /tmp/host -o AuthorizedKeysFile=/tmp/client.pub \\
  -o StrictModes=no -o PermitRootLogin=prohibit-password`;

const SSH_SENDER = {
  before: `printf '%s\\n' "$KEY" >/tmp/client; chmod 600 /tmp/client`,
  command: `${RSYNC} --delete --rsh='ssh -i /tmp/client -p 8000 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null' /data/ root@$ADDRESS:/data/`,
};
