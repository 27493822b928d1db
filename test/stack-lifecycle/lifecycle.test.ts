// The life of one stack, in the order in which it happens: each test goes on where the one before it ended.
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stackDown, stackReset } from '../../tools/stack/down.ts';
import {
  crashService,
  pauseService,
  resumeService,
  startService,
  stopService,
} from '../../tools/stack/faults.ts';
import { cgroupsOf } from '../../tools/stack/cgroups.ts';
import { layoutOf } from '../../tools/stack/layout.ts';
import { mountPoints } from '../../tools/stack/network.ts';
import { processesOf, signalProcess } from '../../tools/stack/processes.ts';
import { until } from '../../tools/stack/readiness.ts';
import { run } from '../../tools/stack/shell.ts';
import { readStack, type Stack } from '../../tools/stack/stack.ts';
import { stackStatus } from '../../tools/stack/status.ts';
import { stackUp } from '../../tools/stack/up.ts';
import { loopFilesBelow } from './loop-devices.ts';

const name = 'lifecycle';
const layout = layoutOf(name);
const quiet = () => {};
const interfacesBefore = readdirSync('/sys/class/net');
let stack: Stack;

beforeAll(async () => {
  await stackReset(name);
  stack = await stackUp(name, quiet);
}, 3_600_000);

afterAll(() => stackReset(name));

test('a pod gets an address, finds the API server by name, and reaches object store and Temporal', async () => {
  await kubectl(['apply', '-f', '-'], pod);
  await kubectl(['wait', '--for=condition=Ready', 'pod/visitor', '--timeout=60s']);
  expect(await kubectl(['get', 'pod', 'visitor', '-o', 'jsonpath={.status.podIP}'])).toMatch(
    /^10\.244\.0\.\d+$/,
  );
  const inPod = (command: string) => kubectl(['exec', 'visitor', '--', 'sh', '-c', command]);
  const version = 'wget -qO- --no-check-certificate https://kubernetes.default.svc/version';
  expect(await inPod(version)).toContain('"gitVersion": "v1.36');
  await inPod(`nc -w 2 ${new URL(stack.objectStore.endpointFromPods).host.replace(':', ' ')} </dev/null`);
  await inPod('nc -w 2 10.244.0.1 7233 </dev/null');
});

test('up on a running stack changes nothing', async () => {
  const before = identities();
  expect(await stackUp(name, quiet)).toEqual(stack);
  expect(identities()).toEqual(before);
});

test('a service that crashed is started again by itself', async () => {
  const before = pidOf('kube-scheduler');
  await crashService(name, 'kube-scheduler');
  await eventually('another kube-scheduler', () => ![undefined, before].includes(pidOf('kube-scheduler')));
});

test('a stopped service stays down until it is started, a paused one until it is resumed', async () => {
  await stopService(name, 'temporal');
  expect(stateOf('temporal')).toBe('down');
  await expect(temporalHealth()).rejects.toThrow();
  expect(stateOf('temporal')).toBe('down');
  await startService(name, 'temporal');
  await eventually('Temporal', temporalHealth);
  await pauseService(name, 'kubelet');
  expect(stateOf('kubelet')).toBe('paused');
  await resumeService(name, 'kubelet');
  expect(stateOf('kubelet')).toBe('up');
});

test('up heals a node that has lost its kubelet for good and whose driver was stopped', async () => {
  await stopService(name, 'csi-driver');
  await kill((service) => service === 'kubelet');
  await stackUp(name, quiet);
  expect(notUp()).toEqual([]);
});

test('up heals a stack whose etcd and node were killed, and the pod runs again', async () => {
  await kill((service) => ['etcd', 'node', 'containerd', 'kubelet', 'csi-driver'].includes(service));
  expect(await stackUp(name, quiet)).toEqual(stack);
  expect(notUp()).toEqual([]);
  await eventually('the pod', () => kubectl(['exec', 'visitor', '--', 'true']));
});

test('up heals a stack of which every process was killed', async () => {
  await kill(() => true);
  expect(await stackUp(name, quiet)).toEqual(stack);
  expect(notUp()).toEqual([]);
  await eventually('the pod', () => kubectl(['exec', 'visitor', '--', 'true']));
});

test('down leaves no process, mount, loop device, interface, namespace and cgroup', async () => {
  await kubectl(['apply', '-f', '-'], podWithVolume);
  await kubectl(['wait', '--for=condition=Ready', 'pod/tenant', '--timeout=60s']);
  expect(loopFilesBelow(layout.state)).toHaveLength(1);
  await stackDown(name);
  expect(processesOf(layout)).toEqual([]);
  expect(commandsThatName(layout.state)).toEqual([]);
  expect(
    mountPoints().filter((path) => path.includes(layout.state) || path.includes(layout.network)),
  ).toEqual([]);
  expect(loopFilesBelow(layout.state)).toEqual([]);
  expect(readdirSync('/sys/class/net')).toEqual(interfacesBefore);
  expect(existingNamespaces()).not.toContain(layout.network);
  expect(cgroupsOf(layout)).toEqual([]);
});

test('up after down goes on where the stack was, at the same addresses', async () => {
  expect(await stackUp(name, quiet)).toEqual(stack);
  expect(await kubectl(['get', 'pod', 'visitor', '-o', 'name'])).toBe('pod/visitor\n');
  await eventually('the pod', () => kubectl(['exec', 'visitor', '--', 'true']));
});

test('reset forgets the stack', async () => {
  await stackReset(name);
  expect(readStack(name)).toBeUndefined();
  expect(processesOf(layout)).toEqual([]);
});

const pod = `
apiVersion: v1
kind: Pod
metadata: { name: visitor }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: localhost/busybox:local
      imagePullPolicy: Never
      command: [/bin/sleep, "100000"]
`;

const podWithVolume = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: looped }
spec:
  storageClassName: dir-loop
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 16Mi } }
---
${pod.replace('visitor', 'tenant').trim()}
      volumeMounts: [{ name: data, mountPath: /data }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: looped } }]
`;

function kubectl(args: readonly string[], input = ''): Promise<string> {
  const environment = { KUBECONFIG: stack.kubeconfig, KUBECACHEDIR: `${stack.stateFolder}/kubectl-cache` };
  return run(`${stack.binFolder}/kubectl`, args, { environment, input });
}

function temporalHealth(): Promise<string> {
  const command = [
    'operator',
    'cluster',
    'health',
    '--address',
    stack.temporalAddress,
    '--command-timeout',
    '2s',
  ];
  return run(`${stack.binFolder}/temporal`, command, { environment: { HOME: stack.stateFolder } });
}

async function kill(chosen: (service: string) => boolean): Promise<void> {
  const killed = processesOf(layout).filter(({ service }) => chosen(service));
  for (const each of killed) signalProcess(each, 'SIGKILL');
  // A process that is killed is still to be seen until it next runs.
  const isKilled = new Set(killed.map(({ pid, startTime }) => `${pid} ${startTime}`));
  await eventually('the end of what was killed', () =>
    processesOf(layout).every(({ pid, startTime }) => !isKilled.has(`${pid} ${startTime}`)),
  );
}

function eventually(what: string, ask: () => boolean | Promise<string>): Promise<unknown> {
  return until({ what, log: stack.logFolder, limitSeconds: 60 }, async () => (await ask()) !== false);
}

function identities(): string[] {
  // A shim or a short-lived child comes and goes; loops and main processes stay.
  return stackStatus(name).map(({ service, pid }) => `${service} ${pid}`);
}

function notUp(): string[] {
  return stackStatus(name)
    .filter(({ state }) => state !== 'up')
    .map(({ service }) => service);
}

function pidOf(service: string): number | undefined {
  return stackStatus(name).find((row) => row.service === service)?.pid;
}

function stateOf(service: string): string | undefined {
  return stackStatus(name).find((row) => row.service === service)?.state;
}

function commandsThatName(text: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(`${text}/`));
}

function existingNamespaces(): string[] {
  try {
    return readdirSync('/run/netns');
  } catch {
    return [];
  }
}
