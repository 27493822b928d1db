// What crosses the border to the worker of an application's owner, on the task queue that its pvc names: the inputs of
// the activities `quiesce` and `unquiesce`, and what the first one may return (docs/quiesce-through-temporal.md).
import { z } from 'zod';
import type { Proceed } from './sync.ts';

const Named = z.object({ namespace: z.string(), name: z.string() });

/** Input of the activity `quiesce`. */
export const QuiesceInput = z.object({
  window: z.string().describe('The copy window: the same in each call for one freeze.'),
  sync: z.string().describe('Workflow id of the sync that calls.'),
  source: Named.describe('The ReplicationSource.'),
  pvc: Named.describe('The PersistentVolumeClaim that is copied.'),
  releaseBy: z.string().describe('When the application must run again, RFC 3339 UTC, whatever happens.'),
  freezeBoundMs: z.number().describe('How long it stands still at most, from this call on.'),
});
export type QuiesceInput = Readonly<z.infer<typeof QuiesceInput>>;

/** What `quiesce` may return; nothing will do. */
export const QuiesceAnswer = z.object({
  quiescedAt: z.string().exactOptional().describe('Since when the application stands still, RFC 3339.'),
  releaseBy: z
    .string()
    .exactOptional()
    .describe('When the worker lets go by itself, where that is earlier than it was told.'),
});
export type QuiesceAnswer = Readonly<z.infer<typeof QuiesceAnswer>>;

/** Input of the activity `unquiesce`. */
export const UnquiesceInput = z.object({
  window: z.string().describe('The copy window that is over.'),
  sync: z.string().describe('Workflow id of the sync that calls.'),
  source: Named.describe('The ReplicationSource.'),
  pvc: Named.describe('The PersistentVolumeClaim.'),
  result: z.enum(['Completed', 'Failed']).describe('Whether the copy was taken.'),
});
export type UnquiesceInput = Readonly<z.infer<typeof UnquiesceInput>>;

/** The activities that the owner's worker has to have. */
export interface QuiesceActivities {
  quiesce(input: QuiesceInput): Promise<QuiesceAnswer | null | undefined>;
  unquiesce(input: UnquiesceInput): Promise<unknown>;
}

/** A return of `quiesce`, which is taken like a person's word. Times are API-server milliseconds since the epoch. */
export interface Quiesced extends Proceed {
  readonly since: number;
  readonly standsStillUntil: number;
}
