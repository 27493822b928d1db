// The node: one process in mount and pid namespaces of its own, in which node.sh starts containerd, the CSI
// driver and kubelet. Whoever kills that process removes every pod, shim and mount with it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf } from '../cache.ts';
import { cloneFolder, driverName, inside, nodeName, type Layout } from '../layout.ts';
import { writeWhenChanged } from '../files.ts';
import { restartLoop, type Service } from '../processes.ts';
import { shellQuote } from '../shell.ts';
import type { Toolchain } from '../toolchain.ts';

/** The services that run inside the node, as they are named in status and faults. */
export const nodeServices = ['containerd', 'csi-driver', 'kubelet'] as const;

const program = join(import.meta.dirname, 'node.sh');

export function node(layout: Layout, tools: Toolchain): Service {
  const services = join(layout.configuration, 'node-services.sh');
  const script = nodeServicesScript(layout, tools);
  writeWhenChanged(services, script);
  return {
    name: 'node',
    command: 'unshare',
    environment: { ...tools.environment, NODE_STATE: join(layout.state, 'node'), RESTART_LOOP: restartLoop },
    arguments: [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child=KILL',
      '--mount-proc',
      // The hash makes a changed script a changed command, which `up` starts anew.
      'sh',
      '-e',
      program,
      services,
      hashOf([script, readFileSync(program, 'utf8')]),
    ],
  };
}

function nodeServicesScript(layout: Layout, tools: Toolchain): string {
  const service = (name: string, command: readonly string[]) =>
    ['service', name, join(layout.logs, `${name}.log`), ...command].map(shellQuote).join(' ');
  return [
    // Of an earlier life: who waits for it below must not find it.
    ['rm', '-f', layout.containerdSocket].map(shellQuote).join(' '),
    service('containerd', ['containerd', '--config', `${layout.configuration}/containerd.toml`]),
    service('csi-driver', csiDriver(layout)),
    // kubelet started too early waits longer than it takes for these two to be there.
    ['wait_for', layout.containerdSocket, layout.apiServerWasReady].map(shellQuote).join(' '),
    service('kubelet', kubelet(layout, tools)),
    '',
  ].join('\n');
}

function csiDriver(layout: Layout): string[] {
  return [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(cloneFolder, 'tools', 'csi-driver', 'main.ts'),
    `--endpoint=${layout.driverSocket}`,
    `--state-dir=${layout.state}/volumes`,
    `--node-id=${nodeName}`,
    `--driver-name=${driverName}`,
    `--registration-dir=${layout.state}/kubelet/plugins_registry`,
  ];
}

function kubelet(layout: Layout, { pathOf }: Toolchain): string[] {
  return [
    pathOf('kubelet'),
    `--config=${layout.configuration}/kubelet.yaml`,
    `--kubeconfig=${layout.kubeconfigInside}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${inside.gateway}`,
    `--root-dir=${layout.state}/kubelet`,
    `--cert-dir=${layout.state}/kubelet/pki`,
  ];
}
