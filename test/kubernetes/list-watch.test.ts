import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../api/kubernetes.ts';
import { KINDS } from '../../kubernetes/kinds.ts';
import type { Kind } from '../../kubernetes/kinds.ts';
import { listThenWatch } from '../../kubernetes/list-watch.ts';
import type { Change, ListWatchTiming } from '../../kubernetes/list-watch.ts';
import { createTransport } from '../../kubernetes/transport.ts';
import type { Transport } from '../../kubernetes/transport.ts';
import { createLog } from '../../telemetry/log.ts';
import { anObject, startApiServer, status } from './api-server.ts';
import type { ApiServer, ServedStream } from './api-server.ts';

let server: ApiServer;
let transport: Transport;
let stopping: AbortController;
beforeEach(async () => {
  server = await startApiServer();
  transport = createTransport(() => server.config(), 'worker');
  stopping = new AbortController();
});
afterEach(async () => {
  stopping.abort(new Error('the test is over'));
  await transport.close();
  await server.stop();
});

const QUICK: Partial<ListWatchTiming> = { firstMs: 1, longestMs: 20 };

/** The changes as short texts: `synced a1 b2`, `applied a3`, `deleted b2`. */
function watching(timing = QUICK, kind: Kind = KINDS.pvcs): () => Promise<string | undefined> {
  const log = createLog('test', 'silent');
  const options = { transport, log, signal: stopping.signal, timing };
  const changes = listThenWatch<KubernetesObject>(kind, options)[Symbol.asyncIterator]();
  return async () => {
    const { done, value } = await changes.next();
    return done ? undefined : brief(value);
  };
}

function brief(change: Change<KubernetesObject>): string {
  const objects = change.type === 'synced' ? change.objects : [change.object];
  return [change.type, ...objects.map(({ metadata }) => `${metadata.name}${metadata.resourceVersion}`)].join(
    ' ',
  );
}

/** Brings a watch to the point where it has listed `a1` and follows from 10. */
async function following(next: () => Promise<string | undefined>): Promise<ServedStream> {
  const synced = next();
  const stream = (await server.next()).stream();
  stream.event('ADDED', anObject('a', '1'));
  stream.complete('10');
  expect(await synced).toBe('synced a1');
  return stream;
}

describe('a watch that never dies', () => {
  it('gives all objects at once when the list is complete, then each change', async () => {
    const next = watching();
    const first = next();
    const request = await server.next();
    expect(request.query).toMatchObject({
      watch: 'true',
      sendInitialEvents: 'true',
      allowWatchBookmarks: 'true',
    });
    expect(Number(request.query['timeoutSeconds'])).toBeGreaterThanOrEqual(240);
    const stream = request.stream();
    stream.event('ADDED', anObject('a', '1'));
    stream.event('ADDED', anObject('b', '2'));
    stream.event('BOOKMARK', { metadata: { resourceVersion: '5' } });
    stream.event('MODIFIED', anObject('a', '6'));
    stream.event('DELETED', anObject('b', '7'));
    stream.complete('10');
    expect(await first).toBe('synced a6');
    stream.event('MODIFIED', anObject('a', '11'));
    stream.event('DELETED', anObject('a', '12'));
    expect([await next(), await next()]).toEqual(['applied a11', 'deleted a12']);
  });

  it('stamps the type and drops managedFields', async () => {
    const log = createLog('test', 'silent');
    const changes = listThenWatch<KubernetesObject>(KINDS.pvcs, { transport, log, signal: stopping.signal });
    const first = changes.next();
    const stream = (await server.next()).stream();
    stream.event('ADDED', anObject('a', '1'));
    stream.complete('1');
    const { managedFields: _, ...metadata } = anObject('a', '1').metadata;
    const object = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata };
    expect(await first).toEqual({ done: false, value: { type: 'synced', objects: [object] } });
  });

  it('reads events whose bytes arrive in pieces', async () => {
    const next = watching();
    const stream = await following(next);
    const change = next();
    const event = JSON.stringify({ type: 'MODIFIED', object: anObject('ä', '11') });
    stream.write(event.slice(0, 30));
    stream.write(`${event.slice(30)}\n`);
    expect(await change).toBe('applied ä11');
  });

  it('lists page by page where the server does not stream lists', async () => {
    const next = watching();
    const first = next();
    (await server.next()).refuse(422, 'Invalid');
    const page1 = await server.next();
    expect(page1.query).toEqual({ limit: '500' });
    page1.json({ metadata: { resourceVersion: '10', continue: 'page2' }, items: [anObject('a', '1')] });
    const page2 = await server.next();
    expect(page2.query).toEqual({ limit: '500', continue: 'page2' });
    page2.json({ metadata: { resourceVersion: '10' }, items: [anObject('b', '2')] });
    expect(await first).toBe('synced a1 b2');
    const second = next();
    const request = await server.next();
    expect(request.query).toMatchObject({ watch: 'true', resourceVersion: '10' });
    expect(request.query).not.toHaveProperty('sendInitialEvents');
    request.stream().event('ADDED', anObject('c', '11'));
    expect(await second).toBe('applied c11');
  });

  it.each([
    ['ends cleanly', (stream: ServedStream) => stream.end()],
    ['is reset', (stream: ServedStream) => stream.reset()],
    [
      'breaks in the middle of an event',
      (stream: ServedStream) => (stream.write('{"type":"ADD'), stream.end()),
    ],
    ['reports an error', (stream: ServedStream) => stream.event('ERROR', status(500, 'InternalError'))],
  ])('goes on from the last event when the stream %s', async (_, breaks) => {
    const next = watching();
    const stream = await following(next);
    stream.event('MODIFIED', anObject('a', '11'));
    expect(await next()).toBe('applied a11');
    const change = next();
    breaks(stream);
    const request = await server.next();
    expect(request.query).toMatchObject({ resourceVersion: '11' });
    request.stream().event('MODIFIED', anObject('a', '12'));
    expect(await change).toBe('applied a12');
  });

  it('goes on from the last bookmark', async () => {
    const next = watching();
    const stream = await following(next);
    const change = next();
    stream.event('BOOKMARK', { metadata: { resourceVersion: '99' } });
    stream.end();
    const request = await server.next();
    expect(request.query).toMatchObject({ resourceVersion: '99' });
    request.stream().event('MODIFIED', anObject('a', '100'));
    expect(await change).toBe('applied a100');
  });

  it.each([
    [
      'in the stream',
      (server: ApiServer) =>
        server.next().then((request) => request.stream().event('ERROR', status(410, 'Expired'))),
    ],
    ['as the answer', (server: ApiServer) => server.next().then((request) => request.refuse(410, 'Expired'))],
  ])('lists anew when its place has expired, said %s', async (_, expire) => {
    const next = watching();
    const stream = await following(next);
    const change = next();
    stream.end();
    await expire(server);
    const request = await server.next();
    expect(request.query).toMatchObject({ sendInitialEvents: 'true' });
    const renewed = request.stream();
    renewed.event('ADDED', anObject('b', '20'));
    renewed.complete('20');
    expect(await change).toBe('synced b20');
  });

  it('leaves a stream that has fallen silent', async () => {
    const next = watching({ ...QUICK, silenceMs: 100 });
    await following(next);
    const change = next();
    const request = await server.next();
    expect(request.query).toMatchObject({ resourceVersion: '10' });
    request.stream().event('MODIFIED', anObject('a', '11'));
    expect(await change).toBe('applied a11');
  });

  it('comes back after a server that was away', async () => {
    const next = watching();
    await following(next);
    const change = next();
    await server.stop();
    await server.start();
    const request = await server.next();
    expect(request.query).toMatchObject({ resourceVersion: '10' });
    request.stream().event('MODIFIED', anObject('a', '11'));
    expect(await change).toBe('applied a11');
  });

  it.each([401, 403, 429, 500, 503])('tries again after %d', async (code) => {
    const next = watching();
    const first = next();
    (await server.next()).refuse(code, 'TestReason');
    const stream = (await server.next()).stream();
    stream.complete('1');
    expect(await first).toBe('synced');
  });

  it('begins the list anew when it broke off half-way', async () => {
    const next = watching();
    const first = next();
    const half = (await server.next()).stream();
    half.event('ADDED', anObject('gone', '1'));
    half.end();
    const request = await server.next();
    expect(request.query).toMatchObject({ sendInitialEvents: 'true' });
    const stream = request.stream();
    stream.event('ADDED', anObject('a', '2'));
    stream.complete('3');
    expect(await first).toBe('synced a2');
  });

  it('shows none of a kind that the cluster may do without, and all of it once it is defined', async () => {
    const next = watching(QUICK, KINDS.destinations);
    const first = next();
    for (let answer = 1; answer <= 4; answer += 1) (await server.next()).json('not found', { status: 404 });
    expect(await first).toBe('synced');
    const defined = next();
    (await server.next()).json('not found', { status: 404 });
    const stream = (await server.next()).stream();
    stream.event('ADDED', anObject('a', '1'));
    stream.complete('2');
    expect(await defined).toBe('synced a1');
  });

  it('waits for a kind that has to be there, however long its definition is absent', async () => {
    const next = watching();
    const first = next();
    for (let answer = 1; answer <= 6; answer += 1) (await server.next()).json('not found', { status: 404 });
    (await server.next()).stream().complete('1');
    expect(await first).toBe('synced');
  });

  it('ends when it is told to, and leaves the server', async () => {
    const next = watching();
    const first = next();
    const request = await server.next();
    request.stream();
    stopping.abort(new Error('closing'));
    expect(await first).toBeUndefined();
    await request.closed;
  });
});
