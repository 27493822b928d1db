// Both sides of a mover, each in its container, on a free port of the loopback.
import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  Container,
  freePort,
  privileged,
  sshRights,
  type ContainerRun,
  type Rights,
} from './rsync-container.ts';
import { scratchFolder } from './rsync-image.ts';
import type { Environment, Outcome } from './restic-source.ts';

export interface Ends {
  readonly sent: Outcome;
  readonly received: Outcome;
}

export class Pair {
  readonly source: Container;
  readonly destination: Container;
  port = 0;
  readonly #scripts: { readonly source: string; readonly destination: string; readonly ready: string };
  readonly #environment: Environment;

  constructor(
    containers: { source: Container; destination: Container },
    scripts: { source: string; destination: string; ready: string },
    environment: Environment,
  ) {
    this.source = containers.source;
    this.destination = containers.destination;
    this.#scripts = scripts;
    this.#environment = environment;
  }

  /** Starts the destination and waits until it listens. */
  async receive(environment: Environment = {}): Promise<ContainerRun> {
    this.port ||= await freePort();
    const variables = { ...this.#environment, LISTEN_PORT: `${this.port}`, ...environment };
    const run = this.destination.script(this.#scripts.destination, variables);
    const ended = run.outcome.then(({ code, output }) => {
      throw new Error(`the destination ended with ${code} before it listened: ${output}`);
    });
    await Promise.race([run.printed(this.#scripts.ready), ended]);
    return run;
  }

  send(environment: Environment = {}): ContainerRun {
    return this.source.script(this.#scripts.source, {
      ...this.#environment,
      DESTINATION_ADDRESS: '127.0.0.1',
      DESTINATION_PORT: `${this.port}`,
      RETRY_DELAYS: '',
      ...environment,
    });
  }

  /** One whole sync. */
  async sync(environment: Environment = {}): Promise<Ends> {
    const destination = await this.receive();
    const sent = await this.send(environment).outcome;
    if (sent.code !== 0) destination.stop();
    return { sent, received: await destination.outcome };
  }
}

/** Connects, sends the bytes, and is gone. */
export function knock(port: number, bytes: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.resume().end(bytes));
    socket.on('error', () => {}).on('close', () => resolve());
  });
}

export interface TlsOptions {
  readonly rights?: Rights;
  readonly destinationKey?: string;
  readonly dataSize?: string;
}

export const psk = (name = 'volsync') => `${name}:${randomBytes(64).toString('hex')}`;

export function tlsPair({ rights = privileged, destinationKey, dataSize }: TlsOptions = {}): Pair {
  const key = psk();
  const containers = {
    source: new Container(rights, { 'psk.txt': key }),
    destination: new Container(rights, { 'psk.txt': destinationKey ?? key }, dataSize),
  };
  const scripts = {
    source: '/mover-rsync-tls/client.sh',
    destination: '/mover-rsync-tls/server.sh',
    ready: 'Configuration successful',
  };
  return new Pair(containers, scripts, { PRIVILEGED_MOVER: rights === 'nobody' ? '0' : '1' });
}

export interface SshKey {
  readonly secret: string;
  readonly open: string;
}

/** A key pair in a format of ssh-keygen's. */
export function sshKey(type: 'rsa' | 'ed25519', format: 'PEM' | 'RFC4716' = 'RFC4716'): SshKey {
  const file = join(scratchFolder('key'), 'key');
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    type,
    ...(type === 'rsa' ? ['-b', '2048'] : []),
    '-m',
    format,
    '-N',
    '',
    '-f',
    file,
  ]);
  return { secret: readFileSync(file, 'utf8'), open: readFileSync(`${file}.pub`, 'utf8') };
}

export interface SshOptions {
  readonly sourceKey?: SshKey;
  readonly destinationKey?: SshKey;
  readonly expected?: SshKey;
  readonly accepted?: SshKey;
  readonly dataSize?: string;
}

export function sshPair(options: SshOptions = {}): Pair {
  const sourceKey = options.sourceKey ?? sshKey('ed25519');
  const destinationKey = options.destinationKey ?? sshKey('ed25519');
  const containers = {
    source: new Container(sshRights, {
      source: sourceKey.secret,
      'source.pub': sourceKey.open,
      'destination.pub': (options.expected ?? destinationKey).open,
    }),
    destination: new Container(
      sshRights,
      {
        destination: destinationKey.secret,
        'destination.pub': destinationKey.open,
        'source.pub': (options.accepted ?? sourceKey).open,
      },
      options.dataSize,
    ),
  };
  const scripts = {
    source: '/mover-rsync/source.sh',
    destination: '/mover-rsync/destination.sh',
    ready: 'Server listening on 0.0.0.0',
  };
  return new Pair(containers, scripts, {});
}
