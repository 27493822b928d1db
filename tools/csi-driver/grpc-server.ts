// One gRPC server on a unix socket, its methods plain functions from a request to a response.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Refusal } from './refusal.ts';

/** A method takes its request as proto-loader gives it (see requests.ts) and may throw a Refusal. */
export type Methods = Readonly<Record<string, (request: never) => object | Promise<object>>>;

/** Told once per call that has ended: what it was about, and `ok` or the code and reason. */
export type CallLog = (method: string, about: string, outcome: string) => void;

/** Serves until the returned function is called, which drops all calls and removes the socket. */
export async function serve(
  socket: string,
  services: readonly { readonly definition: ServiceDefinition; readonly methods: Methods }[],
  log: CallLog,
): Promise<() => void> {
  const server = new Server();
  for (const { definition, methods } of services) server.addService(definition, handlers(methods, log));
  rmSync(socket, { force: true }); // A killed process leaves its socket behind.
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return () => {
    server.forceShutdown();
    rmSync(socket, { force: true });
  };
}

/** The service of that full name, for example `csi.v1.Node`, in one of the files in proto/. */
export function serviceDefinition(file: string, service: string): ServiceDefinition {
  const definitions = loadSync(join(import.meta.dirname, 'proto', file), {
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
    objects: true,
  });
  return definitions[service] as ServiceDefinition;
}

function handlers(methods: Methods, log: CallLog): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => {
      const handle = async (call: ServerUnaryCall<object, object>, respond: sendUnaryData<object>) => {
        const started = performance.now();
        const note = (outcome: string) =>
          log(name, subjectOf(call.request), `${outcome} ${Math.round(performance.now() - started)}ms`);
        try {
          const response = await method(call.request as never);
          note('ok');
          respond(null, response);
        } catch (error) {
          const code = error instanceof Refusal ? error.code : 'INTERNAL';
          const details = error instanceof Error ? error.message : String(error);
          note(`${code} ${details}`);
          respond({ code: status[code], details });
        }
      };
      return [name, handle];
    }),
  );
}

function subjectOf(request: { name?: string; volume_id?: string; snapshot_id?: string }): string {
  return request.name || request.volume_id || request.snapshot_id || '';
}
