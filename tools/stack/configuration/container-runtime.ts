import { join } from 'node:path';
import { inside, type Layout } from '../layout.ts';

/** containerd 1.6 and later: everything it writes is below the state folder; the machine's own is not touched. */
export function containerd(layout: Layout, cniFolder: string): string {
  const folder = join(layout.state, 'containerd');
  const unused = [
    'snapshotter.v1.aufs',
    'snapshotter.v1.btrfs',
    'snapshotter.v1.devmapper',
    'snapshotter.v1.zfs',
    'tracing.processor.v1.otlp',
    'internal.v1.tracing',
  ].map((plugin) => `"io.containerd.${plugin}"`);
  // restrict_oom_score_adj: without CAP_SYS_RESOURCE a lower score is refused and no pod would start.
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
oom_score = 0
disabled_plugins = [${unused.join(', ')}]
[grpc]
  address = "${layout.containerdSocket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/plugins"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:local"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${cniFolder}"
    conf_dir = "${layout.configuration}/cni"
`;
}

/** Pods hang on the stack's bridge and have a route to services, and none to anywhere else. */
export function containerNetwork(layout: Layout): string {
  const ranges = [[{ subnet: inside.podRange, rangeStart: inside.firstPod, gateway: inside.gateway }]];
  const bridge = {
    type: 'bridge',
    bridge: inside.bridge,
    isGateway: false,
    ipMasq: false,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      ranges,
      routes: [{ dst: inside.serviceRange }],
      dataDir: join(layout.state, 'containerd', 'addresses'),
    },
  };
  return JSON.stringify({ cniVersion: '1.0.0', name: 'stillpoint', plugins: [bridge] }, undefined, 2);
}
