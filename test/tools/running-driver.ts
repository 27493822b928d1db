// Starts the CSI test driver as the stack does, as a process of its own, and calls it as a sidecar would.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, type Client, type ServiceError } from '@grpc/grpc-js';
import type { ServiceClientConstructor } from '@grpc/grpc-js';
import { serviceDefinition } from '../../tools/csi-driver/grpc-server.ts';

export interface RunningDriver {
  /** Path of the CSI socket. */
  readonly endpoint: string;
  readonly volumeData: (id: string) => string;
  /** Calls a method of a CSI service and returns the response; rejects with the gRPC error. */
  call<T>(service: 'Identity' | 'Controller' | 'Node', method: string, request?: object): Promise<T>;
  /** What kubelet's registration of the driver would be told. */
  registration<T>(method: string, request?: object): Promise<T>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const DRIVER = join(import.meta.dirname, '../../tools/csi-driver/main.ts');

/** A short path: a unix socket's may have 107 bytes. */
export function scratchFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'csi-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function startDriver(folder: string): Promise<RunningDriver> {
  const endpoint = join(folder, 'csi.sock');
  const flags = ['--endpoint', endpoint, '--state-dir', join(folder, 'state'), '--registration-dir', folder];
  const child = spawn(process.execPath, [DRIVER, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  await serving(child);
  const clients: Client[] = [];
  const caller = (file: string, service: string, socket: string) => {
    const client = clientOf(file, service, socket);
    clients.push(client);
    return <T>(method: string, request: object = {}) => unary<T>(client, method, request);
  };
  const csi = (service: string) => caller('csi.proto', `csi.v1.${service}`, endpoint);
  const services = { Identity: csi('Identity'), Controller: csi('Controller'), Node: csi('Node') };
  const registrationSocket = join(folder, 'dir.csi.stillpoint.dev-reg.sock');
  return {
    endpoint,
    volumeData: (id) => join(folder, 'state', 'volumes', id, 'data'),
    call: (service, method, request) => services[service](method, request),
    registration: caller('pluginregistration.proto', 'pluginregistration.Registration', registrationSocket),
    stop: async (signal = 'SIGTERM') => {
      for (const client of clients) client.close();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill(signal)) await ended;
    },
  };
}

function serving(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (line: Buffer) => String(line).includes(' serves ') && resolve());
    child.once('exit', (code) =>
      reject(new Error(`the driver ended with exit code ${code} before it served`)),
    );
  });
}

function clientOf(file: string, service: string, socket: string): Client {
  const constructors = loadPackageDefinition({ service: serviceDefinition(file, service) });
  const Constructor = constructors['service'] as ServiceClientConstructor;
  return new Constructor(`unix://${socket}`, credentials.createInsecure());
}

type Unary = (request: object, done: (error: ServiceError | null, response: unknown) => void) => void;

function unary<T>(client: Client, method: string, request: object): Promise<T> {
  const call = (client as unknown as Record<string, Unary | undefined>)[method];
  if (!call) throw new Error(`the service has no method ${method}`);
  return new Promise((resolve, reject) => {
    call.call(client, request, (error, response) => (error ? reject(error) : resolve(response as T)));
  });
}
