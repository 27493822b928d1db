// A way between a mover and its target that comes to a stop in the middle of a transfer, until the test opens it.
import { vi } from 'vitest';
import type { Pod } from '../../../api/kubernetes.ts';
import { PATIENCE } from '../window-scenario.ts';
import type { Application } from '../world.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface StallingWay {
  /** What the mover connects to instead. */
  readonly target: Target;
  /** Resolves once a connection has stopped with more to carry. */
  stalled(): Promise<void>;
  /** Whoever connects from now on gets through. */
  open(): Promise<void>;
}

// More than anything but the data itself. Not `head`, which passes nothing on before its buffer is full.
const SOME = 'dd bs=1000 count=1000 2>/dev/null';

/** A pod in the application's namespace that lets only a megabyte of each connection through, there or back. */
export async function stallingWay(
  application: Application,
  { host, port }: Target,
  direction: 'there' | 'back' = 'there',
): Promise<StallingWay> {
  const onwards = `nc ${host} ${port}`;
  // A connection that has ended by itself has no byte left to read.
  const stall = `${SOME}; if read -r -n 1 _; then touch /stalled; while [ ! -e /open ]; do sleep 0.2; done; fi`;
  const stalling = direction === 'there' ? `{ ${stall}; } | ${onwards}` : `${onwards} | { ${stall}; }`;
  const way = `[ ! -e /open ] || exec ${onwards}; ${stalling}`;
  const container = {
    name: 'main',
    image: 'localhost/busybox:local',
    imagePullPolicy: 'IfNotPresent',
    command: ['nc', '-ll', '-p', '9000', '-e', 'sh', '-c', way],
  };
  await application.world.cluster.pods.create({
    metadata: { namespace: application.namespace, name: 'way' },
    spec: { terminationGracePeriodSeconds: 0, containers: [container] },
  } as Pod);
  await application.kubectl('wait', '--for=condition=Ready', 'pod/way', '--timeout=60s');
  const address = await application.kubectl('get', 'pod', 'way', '-o', 'jsonpath={.status.podIP}');
  const inside = (...command: readonly string[]) => application.kubectl('exec', 'way', '--', ...command);
  return {
    target: { host: address, port: 9000 },
    stalled: async () =>
      void (await vi.waitUntil(() => inside('test', '-e', '/stalled').then(yes, no), PATIENCE)),
    open: async () => void (await inside('touch', '/open')),
  };
}

const yes = () => true;
const no = () => false;
