// What one mover has to do in one run, of a source or of a destination: everything that follows it to its end needs
// no more than this.
import type { ObjectRef } from '../api/kubernetes.ts';
import type { Copy, CopyTimes, MoverLimits, Owner, SyncPlan } from '../api/sync.ts';
import { asOwner } from '../domain/ownership.ts';
import { moverOf } from '../movers/index.ts';
import { jobNameOf } from '../movers/job.ts';
import type { Mover, MoverInput } from '../movers/mover.ts';
import { ownKeySet } from '../movers/own-keys.ts';

export interface MoverTask {
  readonly owner: Owner;
  readonly mover: Mover;
  readonly job: ObjectRef;
  readonly secret: MoverInput['secret'];
  /** The namespace allows privileged movers. */
  readonly privileged: boolean;
  readonly limits: MoverLimits;
  readonly startTime: string;
  /** When the copy was cut that is carried away, and how it was made. */
  readonly cutTime?: string | undefined;
  readonly consistency?: CopyTimes['consistency'];
}

/** What every plan says about its mover. */
export type MoverPlan = Pick<SyncPlan, 'mover' | 'spec' | 'secretKeys' | 'privileged' | 'startTime'> & {
  readonly limits: MoverLimits;
};

export function sourceTask(plan: SyncPlan, copy?: Copy): MoverTask {
  return moverTask(asOwner(plan.source), plan, copy?.times);
}

export function moverTask(owner: Owner, plan: MoverPlan, copied: CopyTimes = {}): MoverTask {
  const { spec, secretKeys, privileged, limits, startTime } = plan;
  const mover = moverOf(plan.mover, owner.kind, spec);
  return {
    owner,
    mover,
    job: { namespace: owner.namespace, name: jobNameOf(mover, owner) },
    secret: { name: secretNameOf(mover, owner), keys: secretKeys },
    privileged,
    limits,
    startTime,
    cutTime: copied.cutTime,
    ...(copied.consistency !== undefined && { consistency: copied.consistency }),
  };
}

function secretNameOf(mover: Mover, owner: Owner): string {
  const { secret } = mover;
  return secret.kind === 'given' ? secret.name : ownKeySet(secret.keys, mover, owner).mounted.name;
}
