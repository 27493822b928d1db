// The stack's own network namespace: bridge, routes, nft tables and net sysctls are inside and go with it.
// It is made as `ip netns` makes them, so that `ip netns list` shows it.
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inside, type Layout } from './layout.ts';
import { enter } from './processes.ts';
import { run } from './shell.ts';

/** Makes what is missing: after a reboot all of it, after an interrupted `up` the rest. */
export async function networkUp(layout: Layout, environment: NodeJS.ProcessEnv): Promise<void> {
  if (!networkExists(layout)) {
    mkdirSync(dirname(layout.networkFile), { recursive: true });
    writeFileSync(layout.networkFile, '');
    await run('unshare', [`--net=${layout.networkFile}`, 'true']);
  }
  const [command = '', ...args] = enter(layout);
  await run(command, [...args, 'sh', '-ec', bridgeScript], { environment });
}

/** Gives the namespace up; the kernel removes it and all that is in it with its last process. */
export async function networkDown(layout: Layout): Promise<void> {
  while (networkExists(layout)) await run('umount', [layout.networkFile]);
  rmSync(layout.networkFile, { force: true });
  try {
    rmdirSync(dirname(layout.networkFile));
  } catch {
    // Somebody else has namespaces, too.
  }
}

/** The file alone proves nothing: where /run is on disk it is still there after a reboot. */
export function networkExists(layout: Layout): boolean {
  return mountPoints().includes(layout.networkFile);
}

/** Where something is mounted, as this process sees it. */
export function mountPoints(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '');
}

// Service addresses are local to the namespace: kube-proxy rewrites them before they would leave.
const bridgeScript = `
ip link set lo up
ip link show ${inside.bridge} >/dev/null 2>&1 || ip link add ${inside.bridge} address 0a:58:0a:f4:00:01 type bridge
ip address replace ${inside.gateway}/24 dev ${inside.bridge}
ip link set ${inside.bridge} up
ip route replace ${inside.serviceRange} dev lo scope link src ${inside.gateway}
echo 1 > /proc/sys/net/ipv4/conf/${inside.bridge}/forwarding
`;
