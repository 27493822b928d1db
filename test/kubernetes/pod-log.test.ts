// A mover's log against a real HTTP server, at which the test plays the API server and breaks connections.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTransport } from '../../kubernetes/transport.ts';
import type { Transport } from '../../kubernetes/transport.ts';
import { followPodLog } from '../../kubernetes/pod-log.ts';
import { MoverLog } from '../../movers/mover-log.ts';
import { resticLog } from '../../movers/restic-log.ts';
import { startApiServer } from './api-server.ts';
import type { ApiServer, ServedStream } from './api-server.ts';

const POD = { namespace: 'shop', name: 'volsync-src-orders-x7k2p' };

let server: ApiServer;
let transport: Transport;
beforeEach(async () => {
  server = await startApiServer();
  transport = createTransport(() => server.config(), 'worker');
});
afterEach(async () => {
  await transport.close();
  await server.stop();
});

function follow(ended?: () => Promise<boolean>): AsyncGenerator<string, void> {
  const { signal } = new AbortController();
  return followPodLog(transport, { pod: POD, container: 'restic', signal, ended });
}

async function allOf(lines: AsyncIterable<string>): Promise<string[]> {
  const seen: string[] = [];
  for await (const line of lines) seen.push(line);
  return seen;
}

const stamp = (fraction: string, second = '05') => `2026-07-02T10:00:${second}.${fraction.padEnd(9, '0')}Z`;

/** Resolves when the client has read all that was written: a reset would throw the rest away. */
async function read(lines: AsyncGenerator<string, void>, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  while (seen.length < count) seen.push((await lines.next()).value);
  return seen;
}

describe('a mover’s log whose connection breaks', () => {
  it('goes on after the last line that was given, and gives none twice', async () => {
    const lines = follow(() => Promise.resolve(false));
    const first = read(lines, 3);
    const opened = await server.next();
    expect(opened.query).toMatchObject({ follow: 'true', timestamps: 'true', container: 'restic' });
    expect(opened.query).not.toHaveProperty('sinceTime');
    const stream = opened.stream();
    stream.write(`${stamp('1')} one\n${stamp('2')} two\n${stamp('2')} two and a half\n`);
    expect(await first).toEqual(['one', 'two', 'two and a half']);
    const rest = read(lines, 3);
    stream.write(`${stamp('25')} half a li`);
    stream.reset();
    const again = await server.next();
    expect(again.query).toMatchObject({ sinceTime: stamp('2') });
    const second = again.stream();
    // The API server rounds sinceTime down: the whole second comes again.
    second.write(`${stamp('1')} one\n${stamp('2')} two\n${stamp('2')} two and a half\n`);
    second.write(`${stamp('2')} three\n${stamp('25')} half a line\n${stamp('3')} five\n`);
    expect(await rest).toEqual(['three', 'half a line', 'five']);
    await lines.return();
  });

  it('drops no line when the node’s clock is set back', async () => {
    const lines = allOf(follow());
    const stream = (await server.next()).stream();
    stream.write(`${stamp('0', '30')} one\n${stamp('0', '10')} two\n`);
    stream.end();
    expect(await lines).toEqual(['one', 'two']);
  });

  it('is opened again when it merely ended, as long as the container runs', async () => {
    let running = true;
    const lines = allOf(follow(() => Promise.resolve(!running)));
    endWith((await server.next()).stream(), `${stamp('1')} one\n`);
    const again = await server.next();
    running = false;
    endWith(again.stream(), `${stamp('1')} one\n${stamp('2')} two\n`);
    expect(await lines).toEqual(['one', 'two']);
  });

  it('waits longer and longer for an API server in trouble', async () => {
    const lines = allOf(follow(() => Promise.resolve(false)));
    const asked: number[] = [];
    for (let times = 0; times < 4; times += 1) {
      const request = await server.next();
      asked.push(performance.now());
      if (times < 3) request.refuse(503, 'ServiceUnavailable');
      else request.refuse(403, 'Forbidden');
    }
    await expect(lines).rejects.toMatchObject({ reason: 'Forbidden' });
    const [first = 0, second = 0, third = 0, fourth = 0] = asked;
    expect(second - first).toBeGreaterThanOrEqual(250);
    expect(fourth - third).toBeGreaterThan(1_000);
  });

  it('ends with its pod', async () => {
    const lines = allOf(follow(() => Promise.resolve(false)));
    endWith((await server.next()).stream(), `${stamp('1')} one\n`);
    (await server.next()).refuse(404, 'NotFound');
    expect(await lines).toEqual(['one']);
  });
});

describe('a mover that writes without end', () => {
  const LINES = 200_000;
  const LONG = 50 * 1024 * 1024;

  it.each([
    ['200,000 lines', (stream: ServedStream) => writeLines(stream)],
    ['one line of 50 MB', (stream: ServedStream) => writeLongLine(stream)],
  ])('fills neither memory nor status: %s', async (_, write) => {
    const log = new MoverLog(resticLog('uploading'));
    const lines = follow();
    const before = process.memoryUsage();
    let most = 0;
    let longest = 0;
    const reading = (async () => {
      let count = 0;
      for await (const line of lines) {
        log.read(line);
        count += 1;
        longest = Math.max(longest, line.length);
        if (count % 1_000 === 1) most = Math.max(most, process.memoryUsage().heapUsed);
      }
      return count;
    })();
    const stream = (await server.next()).stream();
    await write(stream);
    stream.write(`${stamp('9', '59')} snapshot 5e6f7a8b saved\n`);
    stream.end();
    expect(await reading).toBeGreaterThan(1);
    expect(longest).toBeLessThanOrEqual(64 * 1024);
    expect(most - before.heapUsed).toBeLessThan(64 * 1024 * 1024);
    expect(Buffer.byteLength(log.tail())).toBeLessThanOrEqual(1024);
    expect(log.moved().logs).toBe('snapshot 5e6f7a8b saved');
  });

  async function writeLines(stream: ServedStream): Promise<void> {
    for (let line = 0; line < LINES; line += 1_000) {
      const batch = Array.from(
        { length: 1_000 },
        (_, at) => `${stamp(String(at))} file ${line + at} was read`,
      );
      stream.write(`${batch.join('\n')}\n`);
      await new Promise(setImmediate);
    }
  }

  async function writeLongLine(stream: ServedStream): Promise<void> {
    stream.write(`${stamp('1')} `);
    const megabyte = 'x'.repeat(1024 * 1024);
    for (let written = 0; written < LONG; written += megabyte.length) {
      stream.write(megabyte);
      await new Promise(setImmediate);
    }
    stream.write('\n');
  }
});

function endWith(stream: ServedStream, text: string): void {
  stream.write(text);
  stream.end();
}
