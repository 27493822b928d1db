import type { Condition } from '../api/replication-source.ts';
import type { OwnerObject } from '../api/sync.ts';

/** VolSync's one condition: whether the object synchronises, and what came of it. */
export function synchronizingCondition({ status }: Pick<OwnerObject, 'status'>): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Synchronizing');
}
