// People and host processes see a stack at 127.0.0.1, though it lives in a network namespace of its own.
// This half listens on the host and hands the listening sockets to the half inside: a socket stays in the
// namespace in which it was made, wherever its process is.
//
//   relay/main.ts NETWORK-FILE INSIDE-SOCKET PORT=HOST:PORT…
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

/** The first message announces the unix socket to serve; each later one brings a listening socket. */
export type RelayMessage =
  | { readonly kind: 'serve'; readonly insideSocket: string }
  | { readonly kind: 'relay'; readonly host: string; readonly port: number };

const [networkFile = '', insideSocket = '', ...routes] = process.argv.slice(2);
const inside = spawn(
  'nsenter',
  [`--net=${networkFile}`, '--', process.execPath, join(import.meta.dirname, 'inside.ts')],
  { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
);
// Each half ends with the other; the restart loop around this one then starts both.
inside.on('exit', () => process.exit(1));
inside.on('error', (cause) => {
  throw new Error(`nsenter could not be started: ${cause.message}.`);
});

inside.send({ kind: 'serve', insideSocket } satisfies RelayMessage);
for (const route of routes) {
  const [listenPort = '', host = '', port = ''] = route.split(/[=:]/);
  const server = createServer();
  server.listen(Number(listenPort), '127.0.0.1', () =>
    handOver(server, { kind: 'relay', host, port: Number(port) }),
  );
}

function handOver(server: Server, message: RelayMessage): void {
  inside.send(message, server, {}, (failure) => {
    if (failure) throw failure;
    server.close(); // Only our copy: else this half would accept connections, too.
  });
}
