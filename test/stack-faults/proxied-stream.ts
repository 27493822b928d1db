// A watch or log that runs through the fault proxy, line by line.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiCall } from './api-call.ts';

export interface ProxiedStream {
  readonly call: ApiCall;
  readonly ended: Promise<void>;
  /** From now on nothing comes any more, and the connection stays. */
  stall(): void;
  /** Sends this line in between and ends. */
  endWith(line: string): void;
}

interface Opened {
  readonly call: ApiCall;
  readonly from: IncomingMessage;
  readonly to: ServerResponse;
  readonly delayMs: number;
}

export function openStream({ call, from, to, delayMs }: Opened): ProxiedStream {
  let stalled = false;
  const relay = async () => {
    for await (const line of createInterface({ input: from })) {
      if (delayMs > 0) await sleep(delayMs);
      if (!stalled) to.write(`${line}\n`);
    }
  };
  // However the real server's side ends, the client learns it, unless the stream is stalled.
  const ended = relay()
    .catch(() => to.socket?.destroy())
    .then(async () => {
      if (stalled) await new Promise((resolve) => to.once('close', resolve));
      else to.end();
    });
  return {
    call,
    ended,
    stall: () => void (stalled = true),
    endWith(line) {
      to.end(line);
      from.destroy();
    },
  };
}
