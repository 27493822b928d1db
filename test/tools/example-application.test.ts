import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';

// The pod's shell is busybox; where the machine has none, its own sh stands in.
const [SHELL, ...SHELL_ARGUMENTS] = spawnSync('busybox', ['true']).status === 0 ? ['busybox', 'sh'] : ['sh'];

let folder: string;
let stops: (() => Promise<void>)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'records-'));
  for (const name of ['data', 'pen']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'records.sh'), scriptOfTheExample());
  stops = [];
});

afterEach(async () => {
  for (const stop of stops) await stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the example application', () => {
  it('appends records numbered from one, without gaps', async () => {
    start();
    await vi.waitFor(() => expect(numbers().length).toBeGreaterThan(2), 10_000);
    expect(numbers()).toEqual(countTo(numbers().length));
    expect(lines()[0]).toMatch(/^1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('answers quiesce with the number of its last record, and writes none until it is resumed', async () => {
    start();
    await writtenMoreThan(0);
    const last = Number(ask('quiesce').stdout);
    expect(numbers()).toEqual(countTo(last));
    // Far more than a record's time goes by: a writer that did not stop would be seen.
    for (let times = 0; times < 100; times++) expect(Number(ask('quiesce').stdout)).toBe(last);
    expect(numbers()).toEqual(countTo(last));
    ask('resume');
    await writtenMoreThan(last);
    expect(numbers()).toEqual(countTo(numbers().length));
  });

  it('may be resumed without having been quiesced', async () => {
    start();
    await writtenMoreThan(0);
    expect(ask('resume').status).toBe(0);
    await writtenMoreThan(numbers().length);
  });

  it('goes on with the next number after a restart, and replaces a record that was cut in half', async () => {
    const stop = start();
    await writtenMoreThan(1);
    await stop();
    const before = numbers().length;
    appendFileSync(join(folder, 'data/records'), `${before + 1} 2026-`);
    start();
    await writtenMoreThan(before);
    expect(numbers()).toEqual(countTo(numbers().length));
    expect(lines().every((line) => line.endsWith('Z'))).toBe(true);
  });

  it('does not stay quiesced when it crashes meanwhile', async () => {
    const stop = start();
    await writtenMoreThan(0);
    const last = Number(ask('quiesce').stdout);
    await stop('SIGKILL');
    start();
    await writtenMoreThan(last);
  });

  it('refuses to call an application quiesced that is not running', () => {
    const answer = ask('quiesce', { QUIESCE_TRIES: '2' });
    expect(answer.status).toBe(1);
    expect(answer.stderr).toMatch(/did not stand still/);
  });
});

describe('the seed', () => {
  it('applies every file of its folder, in its own namespace', () => {
    const { resources } = documents('kustomization.yaml')[0] as { resources: string[] };
    const objects = resources.flatMap(documents) as {
      kind: string;
      metadata: { name: string; namespace?: string };
    }[];
    expect(
      objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`),
    ).toEqual([
      'Namespace /test-ns',
      'Secret test-ns/restic-secret',
      'PersistentVolumeClaim test-ns/data-pvc',
      'ConfigMap test-ns/records',
      'Deployment test-ns/records',
      'ReplicationSource test-ns/test-rs',
    ]);
  });
});

function documents(file: string): unknown[] {
  const text = readFileSync(join(import.meta.dirname, '../../examples/seed', file), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS());
}

function scriptOfTheExample(): string {
  const [configMap] = documents('application.yaml') as [{ data: Record<string, string> }];
  return configMap.data['records.sh'] ?? '';
}

/** Starts the application; returns the way to end it, which may be called twice. */
function start(): (signal?: NodeJS.Signals) => Promise<void> {
  const child = spawn(SHELL, argumentsFor('run'), {
    env: environment(),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    await ended;
  };
  stops.push(stop);
  return stop;
}

function ask(
  request: string,
  more: Record<string, string> = {},
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(SHELL, argumentsFor(request), { env: { ...environment(), ...more }, encoding: 'utf8' });
}

function argumentsFor(request: string): string[] {
  return [...SHELL_ARGUMENTS, join(folder, 'records.sh'), request];
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, DATA: join(folder, 'data'), PEN: join(folder, 'pen') };
}

function lines(): string[] {
  const file = join(folder, 'data/records');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

function numbers(): number[] {
  return lines().map((line) => Number(line.split(' ')[0]));
}

function countTo(last: number): number[] {
  return Array.from({ length: last }, (_value, index) => index + 1);
}

async function writtenMoreThan(count: number): Promise<void> {
  await vi.waitFor(() => expect(numbers().length).toBeGreaterThan(count), 10_000);
}
