// A network that can stall: a relay on 127.0.0.1 that stops carrying bytes, closes nothing and accepts whoever connects.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

export interface StallingRelay extends AsyncDisposable {
  readonly port: number;
  /** From now on no byte gets through, and no end of a connection either. */
  stall(): void;
  /** What has been sent meanwhile arrives. */
  resume(): void;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export async function startStallingRelay(targetPort: number): Promise<StallingRelay> {
  const pairs = new Set<Pair>();
  let stalled = false;

  function join(pair: Pair): void {
    pair.near.pipe(pair.far);
    pair.far.pipe(pair.near);
    if (pair.near.destroyed || pair.far.destroyed) part(pair);
  }
  function part(pair: Pair): void {
    if (stalled) return; // `resume` joins it again and finds it closed.
    pair.near.destroy();
    pair.far.destroy();
    pairs.delete(pair);
  }

  const server = createServer((near) => {
    const pair = { near, far: connect(targetPort, '127.0.0.1') };
    pairs.add(pair);
    for (const socket of [pair.near, pair.far]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => part(pair));
    }
    if (!stalled) join(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stall() {
      stalled = true;
      for (const { near, far } of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    resume() {
      stalled = false;
      for (const pair of pairs) join(pair);
    },
    async [Symbol.asyncDispose]() {
      stalled = false;
      server.close();
      for (const pair of pairs) part(pair);
    },
  };
}
