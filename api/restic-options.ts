import { z } from 'zod';
import { Quantity } from './kubernetes-values.ts';
import type { Immutable } from './immutable.ts';
import { CustomCa, MoverOptions } from './mover-options.ts';
import { VolumeOptions } from './volume-options.ts';

const count = (kept: string) =>
  z
    .int32()
    .exactOptional()
    .describe(`How many ${kept} to keep the newest snapshot of. Absent: no such rule.`);

export const ResticRetain = z.object({
  hourly: count('hours'),
  daily: count('days'),
  weekly: count('weeks'),
  monthly: count('months'),
  yearly: count('years'),
  within: z
    .string()
    .exactOptional()
    .describe(
      'Keeps every snapshot younger than this, in the notation of restic: `1y2m7d5h`. Absent: no such rule.',
    ),
  last: z
    .string()
    .exactOptional()
    .describe(
      'How many of the newest snapshots to keep, a number written as a string. Absent: no such rule.',
    ),
});

export const ResticOptions = z.object({
  ...VolumeOptions.shape,
  ...MoverOptions.shape,
  repository: z
    .string()
    .exactOptional()
    .describe(
      'Name of the Secret with `RESTIC_REPOSITORY`, `RESTIC_PASSWORD` and what the storage needs besides. Each PVC needs a repository path of its own.',
    ),
  pruneIntervalDays: z
    .int32()
    .exactOptional()
    .describe('Days between two prunes, which free the space of forgotten snapshots. Absent: 7.'),
  retain: ResticRetain.exactOptional().describe(
    'Which snapshots are kept after each sync; one rule that keeps a snapshot is enough. Absent or empty: only the newest one is kept.',
  ),
  cacheCapacity: Quantity.exactOptional().describe(
    'Size of the PVC for the cache of restic, which stays between syncs. Absent: `1Gi`.',
  ),
  cacheStorageClassName: z
    .string()
    .exactOptional()
    .describe(
      'StorageClass of the PVC for the cache. Absent: `storageClassName`, else the default class of the cluster.',
    ),
  cacheAccessModes: z
    .array(z.string())
    .exactOptional()
    .describe('Access modes of the PVC for the cache. Absent: `accessModes`, else those of the copy.'),
  customCA: CustomCa.exactOptional().describe(
    'Certificates by which restic recognises its server. Absent: the usual public ones.',
  ),
  unlock: z
    .string()
    .exactOptional()
    .describe(
      'Any new value makes the next sync remove stale locks from the repository, once; `status.restic.lastUnlocked` answers with the value. Absent: locks are left alone.',
    ),
});
export type ResticOptions = Immutable<z.infer<typeof ResticOptions>>;
