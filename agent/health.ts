// /livez (and /healthz) answers while the process runs, /readyz once its pvcs were seen.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Health {
  readonly port: number;
  close(): void;
}

export async function serveHealth(
  at: { readonly host: string; readonly port: number },
  ready: () => boolean,
): Promise<Health> {
  const server = createServer(({ url }, response) => {
    const alive = url === '/livez' || url === '/healthz';
    if (!alive && url !== '/readyz') response.statusCode = 404;
    else if (!alive && !ready()) response.statusCode = 503;
    response.end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
