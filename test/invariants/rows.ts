import type { SyncStory } from './sync-story.ts';

type Row = readonly [what: string, story: () => SyncStory];

/** For each invariant what breaks it, and what is most like that and keeps it. */
export type Rows = Readonly<
  Record<string, { readonly broken: readonly Row[]; readonly kept: readonly Row[] }>
>;
