import type { Condition, ReplicationSource } from '../api/replication-source.ts';

/** VolSync's one condition: whether the source synchronises, and what came of it. */
export function synchronizingCondition({ status }: ReplicationSource): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Synchronizing');
}
