// The half of the relay that runs inside the network namespace: it accepts on sockets that were made on the
// host, and on a unix socket through which programs on the host reach any address inside (HTTP CONNECT).
import { rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RelayMessage } from './main.ts';

process.on('disconnect', () => process.exit(1));
process.on('message', (message: RelayMessage, server?: Server) => {
  if (message.kind === 'serve') serveInside(message.insideSocket);
  else server?.on('connection', (client: Socket) => join(client.setNoDelay(true), connectTo(message)));
});

function serveInside(insideSocket: string): void {
  rmSync(insideSocket, { force: true });
  const server = createHttpServer();
  server.on('connect', (request, client) => {
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const target = connectTo({ host, port: Number(port) });
    target.once('connect', () => client.write('HTTP/1.1 200 Connected\r\n\r\n'));
    join(client, target);
  });
  server.listen(insideSocket);
}

function connectTo({ host, port }: { host: string; port: number }): Socket {
  return connect({ host, port, noDelay: true, allowHalfOpen: true });
}

// One end failing, for instance because the service was killed, must be seen at the other at once.
function join(client: Duplex, target: Socket): void {
  client.on('error', () => target.destroy());
  target.on('error', () => client.destroy());
  client.on('close', () => target.destroy());
  target.on('close', () => client.destroy());
  client.pipe(target).pipe(client);
}
