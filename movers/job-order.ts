// What a mover's Job is described from.
import type { Owner } from '../api/sync.ts';
import type { Mover, MoverInput } from './mover.ts';
import type { Placement } from './placement.ts';
import type { Allowed } from './pod-security.ts';

export interface JobOrder {
  readonly owner: Owner;
  readonly run: string;
  readonly mover: Mover;
  readonly input: MoverInput;
  readonly image: string;
  readonly place: PodPlace;
  /** The PVC that the mover reads or fills, and whether it can only be read. */
  readonly data: { readonly claimName: string; readonly readOnly: boolean };
  /** Which attempt the Job is, from 1. */
  readonly attempt: number;
  /** Kubernetes ends the Job after this time, should nobody of ours be there to do it. */
  readonly deadlineSeconds: number;
}

/** What the mover's surroundings add to its pod. */
export interface PodPlace extends Allowed {
  /** Where a volume in use can be mounted; anywhere when absent. */
  readonly placement?: Placement | undefined;
  /** HTTP_PROXY and the like of the worker. */
  readonly proxies: Readonly<Record<string, string>>;
  /** The owner wants to look inside (`volsync.backube/enable-debug-mover`). */
  readonly debug: boolean;
}
