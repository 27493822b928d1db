import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { commandDriver } from '../../agent/drivers/command.ts';
import { httpDriver } from '../../agent/drivers/http.ts';

const call = (signal = new AbortController().signal) => ({ signal, lost: () => {} });

describe('the driver command', () => {
  it('fails with what the command said', async () => {
    const driver = commandDriver({ quiesce: 'echo the disk is gone >&2; exit 3', unquiesce: 'true' });
    await expect(driver.quiesce(call())).rejects.toThrow(
      'the quiesce command ended with 3: the disk is gone',
    );
    await expect(driver.unquiesce(new AbortController().signal)).resolves.toBeUndefined();
  });

  it('kills a command that is given up, with all that it has started', async () => {
    const giving = new AbortController();
    const driver = commandDriver({ quiesce: 'sleep 1000 & wait', unquiesce: 'true' });
    const running = driver.quiesce(call(giving.signal));
    giving.abort(new Error('given up'));
    await expect(running).rejects.toThrow('given up');
  });
});

describe('the driver http', () => {
  it('takes an answer below 300 for a yes, and any other for a no', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(request.url === '/quiesce' ? 204 : 503).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const driver = httpDriver({ quiesce: `${address}/quiesce`, unquiesce: `${address}/unquiesce` });
    await driver.quiesce(call());
    await expect(driver.unquiesce(new AbortController().signal)).rejects.toThrow('answered with 503');
    expect(asked).toEqual(['POST /quiesce', 'POST /unquiesce']);
    server.close();
  });

  it('fails when nobody listens', async () => {
    const driver = httpDriver({ quiesce: 'http://127.0.0.1:1/', unquiesce: 'http://127.0.0.1:1/' });
    await expect(driver.quiesce(call())).rejects.toThrow('the quiesce call failed');
  });
});
