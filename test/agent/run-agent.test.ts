// The whole agent against an API server that the test plays itself: what goes over the wire, and by whose clock.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectApiServer } from '../../agent/api-server.ts';
import type { ApiServer } from '../../agent/api-server.ts';
import type { Driver } from '../../agent/drivers/driver.ts';
import { createPvcs } from '../../agent/pvcs.ts';
import { runAgent } from '../../agent/run-agent.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS } from '../../domain/copy-window.ts';
import { createLog } from '../../telemetry/log.ts';
import { startApiServer } from '../kubernetes/api-server.ts';
import type { ApiServer as PlayedServer, ReceivedRequest } from '../kubernetes/api-server.ts';
import { OPTIONS, WAITING } from './agent-fixtures.ts';

const MINUTES = 60_000;
const pvc = (annotations: object, resourceVersion = '1') => ({
  metadata: { namespace: 'shop', name: 'data', uid: 'uid-data', resourceVersion, annotations },
});

describe('a machine whose clock is wrong by minutes', () => {
  it.each([7, -7])('promises by the clock of the API server (%i minutes off)', async (minutes) => {
    await using place = await aPlace();
    const off = minutes * MINUTES;
    place.serve((request) => {
      const headers = { date: new Date(Date.now() + off).toUTCString() };
      if ('watch' in request.query) return;
      if (request.method === 'GET') request.json(pvc(WAITING), { headers });
      else place.patched(request);
    });
    const running = place.start();
    const request = await place.patch;
    const { metadata } = request.body as {
      metadata: { annotations: Record<string, string>; resourceVersion: string };
    };
    const validFor = Date.parse(metadata.annotations[A.triggerValidUntil] ?? '') - (Date.now() + off);
    expect(validFor).toBeGreaterThan(OPTIONS.holdMs - 20_000);
    expect(validFor).toBeLessThan(OPTIONS.holdMs + MARGIN_MS);
    expect(Math.abs(Date.parse(metadata.annotations[A.quiescedAt] ?? '') - (Date.now() + off))).toBeLessThan(
      20_000,
    );
    expect(metadata).toMatchObject({ uid: 'uid-data', resourceVersion: '1' });
    request.refuse(403, 'Forbidden');
    place.stop();
    await running;
  });
});

describe('the token', () => {
  it('is read again for each request, because kubelet rotates it', async () => {
    await using place = await aPlace();
    const seen: unknown[] = [];
    place.serve((request) => {
      seen.push(request.headers['authorization']);
      request.json(pvc({}));
    });
    await place.pvcs.read('data');
    place.rotate('second');
    await place.pvcs.read('data');
    expect(seen).toEqual(['Bearer first', 'Bearer second']);
  });
});

interface Place extends AsyncDisposable {
  readonly pvcs: ReturnType<typeof createPvcs>;
  readonly patch: Promise<ReceivedRequest>;
  patched(request: ReceivedRequest): void;
  serve: PlayedServer['serve'];
  rotate(token: string): void;
  start(): Promise<void>;
  stop(): void;
}

async function aPlace(): Promise<Place> {
  const played = await startApiServer();
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-agent-'));
  const [tokenFile, caFile] = [join(folder, 'token'), join(folder, 'ca.crt')];
  writeFileSync(tokenFile, 'first\n');
  writeFileSync(caFile, '');
  const server: ApiServer = connectApiServer({ address: played.url, tokenFile, caFile });
  const log = createLog('agent', 'silent');
  const pvcs = createPvcs({ server, namespace: 'shop', log });
  const { promise: patch, resolve: patched } = Promise.withResolvers<ReceivedRequest>();
  const stopping = new AbortController();
  const driver: Driver = { outlivesAgent: true, quiesce: async () => {}, unquiesce: async () => {} };
  return {
    pvcs,
    patch,
    patched,
    serve: (answer) => played.serve(answer),
    rotate: (token) => writeFileSync(tokenFile, token),
    start: () =>
      runAgent({
        pvcs,
        driver,
        options: OPTIONS,
        log,
        now: () => server.now() ?? Date.now(),
        stop: stopping.signal,
      }),
    stop: () => stopping.abort(),
    async [Symbol.asyncDispose]() {
      server.close();
      await played[Symbol.asyncDispose]();
    },
  };
}
