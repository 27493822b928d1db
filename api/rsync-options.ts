// rsync inside TLS with a pre-shared key (rsyncTLS), and the older rsync over ssh (rsync).
import { z } from 'zod';
import type { Immutable } from './immutable.ts';
import { MoverOptions, RSYNC_MOVER_FIELDS } from './mover-options.ts';
import { VolumeOptions } from './volume-options.ts';

export const Port = z.int32().min(0).max(65535);

const address = z
  .string()
  .exactOptional()
  .describe('Name or address of the destination, as its ReplicationDestination reports it. A sync needs it.');

export const RsyncTlsOptions = z.object({
  ...VolumeOptions.shape,
  ...MoverOptions.shape,
  keySecret: z
    .string()
    .exactOptional()
    .describe(
      'Name of the Secret whose key `psk.txt` holds the pre-shared key; both sides need the same. Absent: one is made, and `status.rsyncTLS.keySecret` names it.',
    ),
  address,
  port: Port.exactOptional().describe('TCP port of the destination. Absent: 8000.'),
});
export type RsyncTlsOptions = Immutable<z.infer<typeof RsyncTlsOptions>>;

export const RsyncOptions = z.object({
  ...VolumeOptions.shape,
  ...MoverOptions.pick(RSYNC_MOVER_FIELDS).shape,
  sshKeys: z
    .string()
    .exactOptional()
    .describe(
      'Name of the Secret with the keys `source`, `source.pub` and `destination.pub`. Absent: keys are made, and `status.rsync.sshKeys` names the Secret for the other side.',
    ),
  serviceType: z
    .string()
    .exactOptional()
    .describe('Type of the Service that is made when `address` is absent. Absent: `ClusterIP`.'),
  address,
  port: Port.exactOptional().describe('TCP port of the destination. Absent: 22.'),
  path: z.string().exactOptional().describe('Accepted for old manifests, and ignored.'),
  sshUser: z.string().exactOptional().describe('Accepted for old manifests, and ignored: it is always root.'),
});
export type RsyncOptions = Immutable<z.infer<typeof RsyncOptions>>;
