// Sections that VolSync's kinds have and no sync of ours serves: they are accepted, so that a source or destination
// that another controller works on can stand in the same cluster.
import { z } from 'zod';
import type { Immutable } from './immutable.ts';
import { Quantity, StringMap } from './kubernetes-values.ts';
import { MoverOptions } from './mover-options.ts';

export const ExternalOptions = externalOptionsOf('source');
export type ExternalOptions = Immutable<z.infer<typeof ExternalOptions>>;

export const ExternalDestinationOptions = externalOptionsOf('destination');
export type ExternalDestinationOptions = Immutable<z.infer<typeof ExternalDestinationOptions>>;

export const SyncthingPeer = z.object({
  address: z.string().describe('Where the peer listens, such as `tcp://host:22000`.'),
  ID: z.string().describe('Device ID of the peer.'),
  introducer: z.boolean().describe('Whether the peer may introduce further peers.'),
});

export const SyncthingOptions = z.object({
  ...MoverOptions.shape,
  peers: z.array(SyncthingPeer).exactOptional().describe('Devices that the data is shared with.'),
  serviceType: z
    .string()
    .exactOptional()
    .describe('Type of the Service by which peers connect. Absent: `ClusterIP`.'),
  configCapacity: Quantity.exactOptional().describe(
    'Size of the PVC for the configuration of Syncthing. Absent: `1Gi`.',
  ),
  configStorageClassName: z
    .string()
    .exactOptional()
    .describe('StorageClass of that PVC. Absent: that of the source PVC.'),
  configAccessModes: z
    .array(z.string())
    .exactOptional()
    .describe('Access modes of that PVC. Absent: those of the source PVC.'),
});
export type SyncthingOptions = Immutable<z.infer<typeof SyncthingOptions>>;

function externalOptionsOf(side: 'source' | 'destination') {
  return z.object({
    provider: z
      .string()
      .exactOptional()
      .describe(`Which controller takes this ${side}, in the form \`domain/provider\`.`),
    parameters: StringMap.exactOptional().describe('What that controller wants to know.'),
  });
}
