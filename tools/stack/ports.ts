import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

// Below the range from which Linux takes ports for outgoing connections, so that a stack finds its own again.
const range = { from: 20_000, to: 32_000 };

/** Different ports of 127.0.0.1 that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  // Each stays open until the last one is known: else one port could be given twice.
  while (held.size < count) {
    const port = randomInt(range.from, range.to);
    const server = held.has(port) ? undefined : await listen(port);
    if (server) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => new Promise((done) => server.close(done))));
  return [...held.keys()];
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(undefined));
    server.listen(port, '127.0.0.1', () => done(server));
  });
}
