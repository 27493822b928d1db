import { z } from 'zod';
import type { Immutable } from './immutable.ts';
import { CustomCa, MoverOptions } from './mover-options.ts';
import { VolumeOptions } from './volume-options.ts';

export const RcloneOptions = z.object({
  ...VolumeOptions.shape,
  ...MoverOptions.shape,
  rcloneConfigSection: z
    .string()
    .exactOptional()
    .describe('Name of the remote, a section of `rclone.conf`. A sync needs it.'),
  rcloneDestPath: z
    .string()
    .exactOptional()
    .describe(
      'Path on the remote, such as `bucket/folder`, that is made equal to the PVC: what the PVC lacks is deleted there. A sync needs it.',
    ),
  rcloneConfig: z
    .string()
    .exactOptional()
    .describe('Name of the Secret that holds the key `rclone.conf`. A sync needs it.'),
  customCA: CustomCa.exactOptional().describe(
    'Certificates by which rclone recognises its server. Absent: the usual public ones.',
  ),
});
export type RcloneOptions = Immutable<z.infer<typeof RcloneOptions>>;
