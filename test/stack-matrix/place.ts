// Where the matrix plays: our worker and controller behind the fault proxy, and both behind a network that can stall.
import { inject } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultName } from '../../tools/matrix/cells.ts';
import { crashService } from '../../tools/stack/faults.ts';
import { startFaultProxy } from '../stack-faults/fault-proxy.ts';
import type { FaultProxy } from '../stack-faults/fault-proxy.ts';
import { openNetwork } from '../stack-faults/our-network.ts';
import type { OurNetwork, Peer } from '../stack-faults/our-network.ts';
import { killOurs, startOurs } from '../stack-faults/our-processes.ts';
import { stackName } from '../stack-faults/scenario.ts';

export interface Place extends AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly network: OurNetwork;
}

export async function openPlace(): Promise<Place> {
  const proxy = await startFaultProxy(inject('stack').kubeconfig);
  const network = await openNetwork(proxy.kubeconfig);
  return {
    proxy,
    network,
    async [Symbol.asyncDispose]() {
      await network[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** The fault, from its beginning until what has failed runs again; whether all has recovered is seen by the sync. */
export async function strike({ network }: Place, fault: FaultName, stallMs: number): Promise<void> {
  const peer = STALLS[fault];
  if (peer !== undefined) return stall(network, peer, stallMs);
  if (fault !== 'worker' && fault !== 'controller') return crashService(stackName(), fault);
  await killOurs(fault);
  await startOurs(fault, fault, network.env); // As whoever runs our processes would.
}

const STALLS: Readonly<Partial<Record<FaultName, Peer>>> = {
  'network-to-temporal': 'Temporal',
  'network-to-api-server': 'the API server',
};

async function stall({ relays }: OurNetwork, peer: Peer, stallMs: number): Promise<void> {
  relays[peer].stall();
  await sleep(stallMs);
  relays[peer].resume();
}
