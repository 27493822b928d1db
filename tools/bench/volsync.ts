// VolSync 0.16.0, to measure beside ours: a program that is built from its published module into the cache and
// run, as anybody may run it. It is AGPL: nothing of it is in this clone.
import { spawn } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cached } from '../stack/cache.ts';
import { freePorts } from '../stack/ports.ts';
import { requireGo } from '../stack/prerequisites.ts';
import { identityOf, isAlive } from '../stack/process-identity.ts';
import { marksOf } from '../stack/processes.ts';
import { reporting } from '../stack/progress.ts';
import { run, type Say } from '../stack/shell.ts';
import type { Place } from './place.ts';
import { CLIENT_GO_REQUESTS, readRequests } from './requests.ts';
import { residentMebibytes, type System } from './system.ts';

const MODULE = 'github.com/backube/volsync@v0.16.0';
const PROGRAM = 'volsync';
const DEFINITIONS = 'definitions';
const MOVER_IMAGE = 'registry.local/stillpoint-mover:dev';
const READY_WITHIN_MS = 60_000;

export async function volsync(place: Place): Promise<System> {
  const folder = await builtVolsync(place.say);
  await place.kubectl('apply', '--server-side', '-f', join(folder, DEFINITIONS));
  let running: Running | undefined;
  return {
    name: 'volsync',
    async start() {
      running = await startVolsync(join(folder, PROGRAM), place);
    },
    async stop() {
      if (running === undefined) return;
      if (isAlive(running.identity)) process.kill(running.pid, 'SIGTERM');
      while (isAlive(running.identity)) await sleep(20);
      running = undefined;
    },
    async requests() {
      const page = await fetch(`${running?.metricsUrl}/metrics`);
      return readRequests(await page.text(), CLIENT_GO_REQUESTS);
    },
    memory: () => (running ? [{ program: PROGRAM, mebibytes: residentMebibytes(running.pid) }] : []),
    closed: async () => undefined,
  };
}

/** A folder with the program and the definition of its other kind; ours is the definition of ReplicationSource. Needs the host's network the first time. */
export function builtVolsync(say: Say): Promise<string> {
  return cached({
    part: 'volsync',
    madeFrom: [process.arch, MODULE],
    say,
    make: async (target) => {
      requireGo();
      const line = (passed: string) => `building ${MODULE} … usually 5 minutes, ${passed} so far`;
      await reporting({ say, line }, build(target));
    },
  });
}

// `go install` fails on this module; a copy of its folder builds. The module cache itself is read-only.
async function build(target: string): Promise<void> {
  const { Dir } = JSON.parse(await run('go', ['mod', 'download', '-json', MODULE])) as { Dir: string };
  const copy = join(target, 'source');
  cpSync(Dir, copy, { recursive: true });
  await run('chmod', ['-R', 'u+w', copy]);
  const environment = { ...process.env, CGO_ENABLED: '0' };
  const flags = ['-trimpath', '-ldflags', '-s -w'];
  await run('go', ['build', ...flags, '-o', join(target, PROGRAM), './cmd'], { folder: copy, environment });
  mkdirSync(join(target, DEFINITIONS));
  const definition = 'volsync.backube_replicationdestinations.yaml';
  cpSync(join(copy, 'config/crd/bases', definition), join(target, DEFINITIONS, definition));
  rmSync(copy, { recursive: true });
}

interface Running {
  readonly pid: number;
  readonly identity: string;
  readonly metricsUrl: string;
}

async function startVolsync(program: string, { stack }: Place): Promise<Running> {
  const [metrics = 0, probes = 0] = await freePorts(2);
  const logFile = join(stack.logFolder, 'volsync.log');
  const log = openSync(logFile, 'a');
  const child = spawn(
    program,
    [
      `--kubeconfig=${process.env['KUBECONFIG']}`,
      `--metrics-bind-address=127.0.0.1:${metrics}`,
      '--metrics-secure=false',
      '--metrics-require-rbac=false',
      `--health-probe-bind-address=127.0.0.1:${probes}`,
      `--restic-container-image=${MOVER_IMAGE}`,
    ],
    { detached: true, stdio: ['ignore', log, log], env: environmentOf(stack) },
  );
  closeSync(log);
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  const running = { pid, identity: identityOf(pid) ?? '', metricsUrl: `http://127.0.0.1:${metrics}` };
  await ready(running, { probeUrl: `http://127.0.0.1:${probes}/readyz`, logFile });
  return running;
}

async function ready(
  { identity }: Running,
  { probeUrl, logFile }: { readonly probeUrl: string; readonly logFile: string },
): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until) {
    if (!isAlive(identity)) throw new Error(`VolSync ended at once (log: ${logFile})`);
    const answer = await fetch(probeUrl).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`VolSync was not ready within ${READY_WITHIN_MS / 1000} s (log: ${logFile})`);
}

// The marks by which a stack knows its processes: should this program be killed, VolSync ends with the stack.
function environmentOf({ stateFolder }: Place['stack']): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...marksOf(stateFolder, 'volsync'),
  };
}
