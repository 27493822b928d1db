// What programs are told about a running stack.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhenChanged } from './files.ts';
import { inside, layoutOf, type Layout } from './layout.ts';
import { freePorts } from './ports.ts';

/** A running stack: how to reach it, and where it keeps what. */
export interface Stack {
  readonly name: string;
  readonly stateFolder: string;
  readonly kubeconfig: string;
  readonly temporalAddress: string;
  readonly temporalUi: string;
  readonly objectStore: ObjectStore;
  /** Holds kubectl and temporal. */
  readonly binFolder: string;
  readonly containerdSocket: string;
  readonly logFolder: string;
}

/** An S3 server; buckets are made by those who use them. */
export interface ObjectStore {
  readonly endpointFromPods: string;
  readonly endpointFromHost: string;
  /** The same store by TLS, and the file (PEM) with the private authority that has signed its certificate. */
  readonly secureEndpointFromPods: string;
  readonly authorityFile: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** What is chosen at the first `up` of a name and kept, so that addresses survive `down`, crashes and reboots. */
export interface Settled {
  readonly ports: {
    readonly apiServer: number;
    readonly temporal: number;
    readonly temporalUi: number;
    readonly objectStore: number;
  };
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Describes the stack from what was settled; undefined when there has been no `up` of this name. */
export function readStack(name: string): Stack | undefined {
  const layout = layoutOf(name);
  const settled = readSettled(layout);
  return settled && describe(layout, settled);
}

export function describe(layout: Layout, { ports, accessKey, secretKey }: Settled): Stack {
  return {
    name: layout.name,
    stateFolder: layout.state,
    kubeconfig: layout.kubeconfig,
    temporalAddress: `127.0.0.1:${ports.temporal}`,
    temporalUi: `http://127.0.0.1:${ports.temporalUi}`,
    objectStore: {
      endpointFromPods: `http://${inside.objectStore.host}:${inside.objectStore.port}`,
      endpointFromHost: `http://127.0.0.1:${ports.objectStore}`,
      secureEndpointFromPods: `https://${inside.secureObjectStore.host}:${inside.secureObjectStore.port}`,
      authorityFile: join(layout.objectStoreCertificates, 'authority.crt'),
      accessKey,
      secretKey,
    },
    binFolder: layout.bin,
    containerdSocket: layout.containerdSocket,
    logFolder: layout.logs,
  };
}

export function readSettled(layout: Layout): Settled | undefined {
  const file = settledFile(layout);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Settled) : undefined;
}

/** Chooses free ports and the object store's keys once per name. */
export async function settle(layout: Layout): Promise<Settled> {
  const before = readSettled(layout);
  if (before) return before;
  const [apiServer = 0, temporal = 0, temporalUi = 0, objectStore = 0] = await freePorts(4);
  const settled = {
    ports: { apiServer, temporal, temporalUi, objectStore },
    accessKey: randomBytes(10).toString('hex'),
    secretKey: randomBytes(20).toString('hex'),
  };
  mkdirSync(layout.state, { recursive: true });
  writeWhenChanged(settledFile(layout), JSON.stringify(settled, undefined, 2), { mode: 0o600 });
  return settled;
}

function settledFile(layout: Layout): string {
  return join(layout.state, 'stack.json');
}
