import { inside, type Layout } from '../layout.ts';

/** kubelet as a guest: it changes no sysctl, evicts and reserves nothing, and works on cgroup v1 and v2. */
export function kubelet(layout: Layout): string {
  const never = '"0%"';
  return `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: ${inside.gateway}
port: 10250
readOnlyPort: 0
healthzBindAddress: ${inside.kubeletHealth.host}
healthzPort: ${inside.kubeletHealth.port}
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: true }
  x509: { clientCAFile: ${layout.certificates}/authority.crt }
authorization: { mode: Webhook }
containerRuntimeEndpoint: unix://${layout.containerdSocket}
clusterDNS: [${inside.gateway}]
clusterDomain: cluster.local
resolvConf: ""
cgroupDriver: cgroupfs
cgroupRoot: /${layout.cgroup}
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: [none]
evictionHard: { memory.available: ${never}, nodefs.available: ${never}, imagefs.available: ${never}, nodefs.inodesFree: ${never}, imagefs.inodesFree: ${never} }
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
makeIPTablesUtilChains: false
podLogsDir: ${layout.state}/pod-logs
volumePluginDir: ${layout.state}/kubelet/volume-plugins
rotateCertificates: false
oomScoreAdj: 0
logging: { verbosity: 2 }
`;
}
