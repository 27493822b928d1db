// The connection to Temporal, by the same profiles and variables as the `temporal` CLI (@temporalio/envconfig).
import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import type { ConnectionLike } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { StartError } from './program.ts';

export interface Temporal {
  readonly client: Client;
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
  close(): Promise<void>;
}

const DEFAULT_ADDRESS = 'localhost:7233';

/** Where Temporal is and how to log in there. */
export interface TemporalPlace {
  readonly address: string;
  readonly namespace: string;
  readonly connectionOptions: ClientConnectConfig['connectionOptions'];
}

export function temporalPlace(): TemporalPlace {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const address = connectionOptions.address ?? DEFAULT_ADDRESS;
  return { address, namespace, connectionOptions: { ...connectionOptions, address } };
}

/** Connects and checks the namespace; throws a StartError that names the place. */
export async function connectTemporal(): Promise<Temporal> {
  const place = temporalPlace();
  const { tls, metadata, apiKey } = place.connectionOptions;
  const login = { ...(tls && { tls }), ...(metadata && { metadata }), ...(apiKey && { apiKey }) };
  const connection = await reach(place, () =>
    Connection.connect({ address: place.address, connectTimeout: CONNECT_TIMEOUT_MS, ...login }),
  );
  await reach(place, () => checkNamespace(connection, place.namespace));
  const { address, namespace } = place;
  const client = new Client({ connection, namespace });
  return { client, connection, address, namespace, close: () => connection.close() };
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Turns whatever goes wrong into one sentence for whoever started the process. */
export async function reach<T>(place: TemporalPlace, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `Temporal at ${place.address} cannot be used: ${causeOf(error)}; start it, or set TEMPORAL_ADDRESS.`,
      { cause: error },
    );
  }
}

/** Whether Temporal answers now. */
export async function reachable(connection: ConnectionLike): Promise<boolean> {
  try {
    await connection.workflowService.getSystemInfo({});
    return true;
  } catch {
    return false;
  }
}

/** A namespace that is missing is an error; one that we may not look at is not. */
export async function checkNamespace(connection: ConnectionLike, namespace: string): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    if (hasStatus(error, GRPC_PERMISSION_DENIED)) return;
    if (!hasStatus(error, GRPC_NOT_FOUND)) throw error;
    throw new StartError(
      `Temporal has no namespace ${namespace}; create it with "temporal operator namespace create ${namespace}", or set TEMPORAL_NAMESPACE.`,
    );
  }
}

const GRPC_NOT_FOUND = 5;
const GRPC_PERMISSION_DENIED = 7;

// Over the worker's native connection errors carry the same numeric code, but another class.
function hasStatus(error: unknown, code: number): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function causeOf(error: unknown): string {
  if (isGrpcServiceError(error)) return error.details;
  const message = error instanceof Error ? error.message : String(error);
  // The worker's native connection wraps the sentence into the debug form of its types.
  return /message: "([^"]+)"/.exec(message)?.[1] ?? message;
}
