// The quiesce agent as a process beside the stack, with the rights of examples/agent and no others: it logs in with a
// token of that ServiceAccount. And the application that it quiesces: a file that says whether it stands still.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { expect, inject, vi } from 'vitest';
import { freePorts } from '../../tools/stack/ports.ts';
import { PATIENCE } from './window-scenario.ts';
import type { Application } from './world.ts';

const root = join(import.meta.dirname, '../..');
const AGENT = ['--disable-warning=ExperimentalWarning', join(root, 'agent/main.ts')];

/** As the image has it: what strips the types would be a fifth of the agent's memory. */
const COMPILE_CACHE = join(tmpdir(), 'stillpoint-agent-compile-cache');

export type Settings = Readonly<Record<string, string>>;

export interface AgentProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it holds of the machine's memory now, MiB. */
  residentMiB(): number;
  /** Its log lines so far. */
  lines(): readonly LogLine[];
  signal(name: NodeJS.Signals): void;
  /** Resolves with its exit code. */
  ended(): Promise<number | null>;
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly time: string;
  readonly because?: string;
}

/** What the agent needs to log in: the ServiceAccount of examples/agent, in the application's namespace. */
export interface Login {
  readonly folder: string;
  readonly settings: Settings;
}

export async function logIn(application: Application): Promise<Login> {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-agent-'));
  const rights = readFileSync(join(root, 'examples/agent/rights.yaml'), 'utf8');
  const file = join(folder, 'rights.yaml');
  writeFileSync(file, rights.replaceAll('test-ns', application.namespace));
  await application.kubectl('apply', '-f', file);
  const token = await application.kubectl('create', 'token', 'records-agent', '--duration=1h');
  const config = new KubeConfig();
  config.loadFromFile(inject('stack').kubeconfig);
  const { server = '', caData = '', caFile } = config.getCurrentCluster() ?? {};
  const ca = caFile === undefined ? Buffer.from(caData, 'base64').toString() : readFileSync(caFile, 'utf8');
  writeFileSync(join(folder, 'token'), token, { mode: 0o600 });
  writeFileSync(join(folder, 'ca.crt'), ca);
  return {
    folder,
    settings: {
      STILLPOINT_AGENT_API_SERVER: server,
      STILLPOINT_AGENT_TOKEN_FILE: join(folder, 'token'),
      STILLPOINT_AGENT_CA_FILE: join(folder, 'ca.crt'),
      STILLPOINT_AGENT_NAMESPACE: application.namespace,
      STILLPOINT_AGENT_PVCS: application.pvc.name,
    },
  };
}

/** Starts it and waits until it has seen the API server, if that can be reached at all. */
export async function startAgent(
  { folder, settings }: Login,
  over: Settings,
  { ready = true } = {},
): Promise<AgentProcess> {
  const [port = 0] = await freePorts(1);
  const logFile = join(folder, 'agent.log');
  const log = openSync(logFile, 'a');
  const env = {
    ...process.env,
    ...settings,
    ...over,
    STILLPOINT_METRICS_PORT: String(port),
    NODE_COMPILE_CACHE: COMPILE_CACHE,
  };
  const child = spawn(process.execPath, AGENT, { cwd: root, stdio: ['ignore', log, log], env });
  closeSync(log);
  const lines = () => linesOf(logFile);
  if (ready) await vi.waitFor(() => reached(child, port, logFile), { ...PATIENCE, timeout: 30_000 });
  const ended = async () => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  };
  return {
    pid: child.pid ?? 0,
    residentMiB: () => residentMiB(child.pid ?? 0),
    lines,
    signal: (name) => void child.kill(name),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended();
      // Rights on its own pvc are all that it has, and all that it asks for.
      expect(readFileSync(logFile, 'utf8')).not.toMatch(/forbidden/i);
    },
  };
}

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

async function reached(child: ChildProcess, port: number, logFile: string): Promise<void> {
  if (child.exitCode !== null) throw new Error(`the agent ended: ${readFileSync(logFile, 'utf8')}`);
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect(answer.status).toBe(200);
}

function linesOf(file: string): readonly LogLine[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
}

/** An application that is quiesced by command, and remembers each time. */
export interface QuiescedByCommand {
  readonly settings: Settings;
  isQuiesced(): boolean;
  /** `quiesce` and `unquiesce` as they came, each with its time. */
  history(): readonly { readonly what: string; readonly at: number }[];
  /** Resolves once it runs, with the time at which it was let go. */
  runs(): Promise<number>;
  standsStill(): Promise<void>;
}

export function quiescedByCommand(folder: string): QuiescedByCommand {
  const [mark, journal] = [join(folder, 'quiesced'), join(folder, 'journal')];
  const note = (what: string) => `echo "${what} $(date +%s%3N)" >> ${journal}`;
  const history = () => {
    const text = existsSync(journal) ? readFileSync(journal, 'utf8').trim() : '';
    return text === '' ? [] : text.split('\n').map(noted);
  };
  const isQuiesced = () => existsSync(mark);
  return {
    settings: {
      STILLPOINT_AGENT_QUIESCE_COMMAND: `touch ${mark} && ${note('quiesce')}`,
      STILLPOINT_AGENT_UNQUIESCE_COMMAND: `rm -f ${mark} && ${note('unquiesce')}`,
    },
    isQuiesced,
    history,
    standsStill: () => vi.waitUntil(isQuiesced, PATIENCE).then(() => undefined),
    async runs() {
      await vi.waitUntil(() => !isQuiesced() && history().at(-1)?.what === 'unquiesce', PATIENCE);
      return history().at(-1)?.at ?? 0;
    },
  };
}

function noted(line: string): { what: string; at: number } {
  const [what = '', at = ''] = line.split(' ');
  return { what, at: Number(at) };
}
