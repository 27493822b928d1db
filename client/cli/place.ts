// What a command works with: the cluster, Temporal and the namespace that its flags name. Both connections are made
// when they are first asked for, once.
import type { ObjectRef } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { createCluster, loadConfig } from '../../kubernetes/connect.ts';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import { createTransport } from '../../kubernetes/transport.ts';
import type { ApiRequest, Transport } from '../../kubernetes/transport.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Temporal } from '../temporal.ts';
import { CliError, EXIT } from './exit.ts';
import type { Out } from './print/out.ts';

export interface PlaceFlags {
  readonly namespace?: string | undefined;
  readonly allNamespaces?: boolean | undefined;
  readonly context?: string | undefined;
}

export interface Place {
  readonly out: Out;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly interrupted: AbortSignal;
  /** Undefined: all of them (`-A`). */
  readonly namespace: string | undefined;
  readonly cluster: Cluster;
  /** For what `cluster` has no word for: versions, rights, definitions. */
  readonly transport: Transport;
  readonly server: string;
  readonly contextName: string;
  temporal(): Promise<Temporal>;
  /** Ends what was opened. */
  close(): Promise<void>;
}

// The CLI's own log is its output.
const SILENT: Log = { info: () => undefined, error: () => undefined, child: () => SILENT };

export function openPlace(flags: PlaceFlags, out: Out, interrupted: AbortSignal): Place {
  const config = readConfig(flags.context);
  const contextName = config.getCurrentContext();
  const server = config.getCurrentCluster()?.server ?? '';
  const transport = explained(
    createTransport(() => loadConfig(flags.context), 'cli'),
    { server, contextName },
  );
  let temporal: Promise<Temporal> | undefined;
  const ofContext = config.getContextObject(contextName)?.namespace;
  return {
    out,
    interrupted,
    server,
    contextName,
    transport,
    namespace: flags.allNamespaces === true ? undefined : (flags.namespace ?? ofContext ?? 'default'),
    cluster: createCluster({ transport, component: 'cli', log: SILENT }),
    temporal: () => (temporal ??= import('../temporal.ts').then(({ connectTemporal }) => connectTemporal())),
    async close() {
      await transport.close();
      await temporal?.then((opened) => opened.close()).catch(() => undefined);
    },
  };
}

function readConfig(context: string | undefined) {
  try {
    const config = loadConfig(context);
    // client-node's answer when there is no kubeconfig anywhere.
    if (config.getCurrentCluster()?.server !== 'http://localhost:8080') return config;
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), EXIT.unavailable);
  }
  throw new CliError(
    'There is no kubeconfig: set KUBECONFIG, or name one with --kubeconfig.',
    EXIT.unavailable,
  );
}

/** Says which server gave no answer, or would not let us in. */
function explained(
  transport: Transport,
  { server, contextName }: { server: string; contextName: string },
): Transport {
  return {
    ...transport,
    call: (request) =>
      askTwice(transport, request).catch((error: unknown) => {
        const unusable = error instanceof KubernetesError && (error.code === 0 || error.code === 401);
        if (!unusable) throw error;
        const { reason, code, message } = error;
        throw new KubernetesError({
          reason,
          code,
          message: `Cannot use the Kubernetes API server ${server} (context "${contextName}"): ${message}`,
          cause: error,
        });
      }),
  };
}

// A read that got no answer in time does no harm when it is made once more; a write might.
async function askTwice(transport: Transport, request: ApiRequest): Promise<unknown> {
  const reads = request.verb === 'get' || request.verb === 'list';
  return transport.call(request).catch((error: unknown) => {
    if (!reads || !(error instanceof KubernetesError) || error.reason !== 'Timeout') throw error;
    return transport.call(request);
  });
}

/** One object of the place's namespace, by the name that was typed: `orders`, `shop/orders` or `replicationsource/orders`. */
export function refOf({ namespace }: Place, typed: string): ObjectRef {
  const [before, after] = typed.split('/');
  if (after === undefined) return { namespace: required(namespace, typed), name: typed };
  return KIND_WORDS.has(before ?? '')
    ? { namespace: required(namespace, after), name: after }
    : { namespace: before ?? '', name: after };
}

const KIND_WORDS: ReadonlySet<string> = new Set(['replicationsource', 'replicationsources', 'pvc', 'source']);

function required(namespace: string | undefined, name: string): string {
  if (namespace !== undefined) return namespace;
  throw new CliError(
    `Say in which namespace ${name} is: -n NAMESPACE, or NAMESPACE/${name}; -A is for lists.`,
    EXIT.usage,
  );
}

export async function sourceAt(place: Place, typed: string): Promise<ReplicationSource> {
  const ref = refOf(place, typed);
  const source = await place.cluster.sources.get(ref);
  if (source !== undefined) return source;
  throw new CliError(
    `There is no ReplicationSource ${ref.namespace}/${ref.name}; "kubectl stillpoint status -n ${ref.namespace}" shows those that there are.`,
    EXIT.unavailable,
  );
}

export async function pvcAt(place: Place, typed: string) {
  const ref = refOf(place, typed);
  const pvc = await place.cluster.pvcs.get(ref);
  if (pvc !== undefined) return { pvc, ref };
  throw new CliError(
    `There is no PersistentVolumeClaim ${ref.namespace}/${ref.name}; "kubectl get pvc -n ${ref.namespace}" shows those that there are.`,
    EXIT.unavailable,
  );
}
