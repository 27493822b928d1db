// Two addresses of the owner's, each called with POST; any answer below 300 is a yes.
import http from 'node:http';
import https from 'node:https';
import type { Driver } from './driver.ts';

export interface Addresses {
  readonly quiesce: string;
  readonly unquiesce: string;
}

export function httpDriver(addresses: Addresses): Driver {
  return {
    outlivesAgent: true,
    quiesce: ({ signal }) => post('quiesce', addresses.quiesce, signal),
    unquiesce: (signal) => post('unquiesce', addresses.unquiesce, signal),
  };
}

function post(name: string, address: string, signal: AbortSignal): Promise<void> {
  const { request } = address.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = request(address, { method: 'POST', signal }, (answer) => {
      answer.resume();
      const { statusCode = 0 } = answer;
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(new Error(`the ${name} call was answered with ${statusCode}`));
    });
    outgoing.once('error', (error) =>
      reject(new Error(`the ${name} call failed: ${error.message}`, { cause: error })),
    );
    outgoing.end();
  });
}
