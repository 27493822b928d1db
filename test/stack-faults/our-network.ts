// Our worker and controller behind a network that can stall: relays before the API server and before Temporal.
import { inject } from 'vitest';
import { startBothAnew } from './our-processes.ts';
import type { Environment } from './our-processes.ts';
import { portOf, writeKubeconfigAt } from './proxy-kubeconfig.ts';
import { startStallingRelay } from './stalling-relay.ts';
import type { StallingRelay } from './stalling-relay.ts';

export type Peer = 'the API server' | 'Temporal';

export interface OurNetwork extends AsyncDisposable {
  /** Leads a worker or controller through the relays. */
  readonly env: Environment;
  readonly relays: Readonly<Record<Peer, StallingRelay>>;
}

/** Starts both anew behind the relays; with the stack's kubeconfig, or that of a proxy before it. Disposing undoes it. */
export async function openNetwork(kubeconfig = inject('stack').kubeconfig): Promise<OurNetwork> {
  const temporalPort = Number(inject('stack').temporalAddress.split(':')[1]);
  const relays = {
    'the API server': await startStallingRelay(portOf(kubeconfig)),
    Temporal: await startStallingRelay(temporalPort),
  };
  const env = {
    KUBECONFIG: writeKubeconfigAt(relays['the API server'].port, kubeconfig),
    TEMPORAL_ADDRESS: `127.0.0.1:${relays.Temporal.port}`,
  };
  await startBothAnew(env);
  return {
    env,
    relays,
    async [Symbol.asyncDispose]() {
      await startBothAnew();
      await Promise.all(Object.values(relays).map((relay) => relay[Symbol.asyncDispose]()));
    },
  };
}
