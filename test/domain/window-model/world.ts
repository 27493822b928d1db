// One pvc on an API server that checks preconditions, the copies that the storage makes of it, and time. Every
// write is judged against the invariants (judge.ts); who reads and then stalls acts later on what it has read.
import { ANNOTATIONS as A } from '../../../domain/copy-trigger.ts';
import type { AnnotationPatch } from '../../../domain/copy-trigger.ts';
import { decide as realDecide } from '../../../domain/copy-window.ts';
import type { PvcView, WindowDecision, WindowEvent } from '../../../domain/copy-window.ts';
import { Judge } from './judge.ts';

export const START = Date.parse('2026-07-02T10:00:00Z');
export const BOUND_MS = 12_000;
export const ANSWER_VISIBLE_MS = 1_000;
/** Two of these disagree by the margin at most. */
export const LARGEST_SKEW_MS = 1_000;

/** What of the real thing is replaced, to show that the walk would notice. */
export interface Parts {
  readonly decide: typeof realDecide;
  /** False: an API server that takes every patch, whatever it was made from. */
  readonly preconditions: boolean;
  /** False: nobody closes the windows of syncs that died. */
  readonly tidied: boolean;
  /** False: an owner that goes on unanswered leaves its trigger standing. */
  readonly triggerTakenBack: boolean;
}

export const REAL: Parts = {
  decide: realDecide,
  preconditions: true,
  tidied: true,
  triggerTakenBack: true,
};

/** A version of the pvc, as somebody has read it. */
export interface Version extends PvcView {
  readonly resourceVersion: number;
}

export interface ModelCopy {
  /** Undefined for a copy that was taken without asking. */
  readonly windowId: string | undefined;
  readonly run: string;
  cutAt?: number;
  removed: boolean;
}

export class WindowWorld {
  readonly parts: Parts;
  readonly judge = new Judge();
  readonly copies: ModelCopy[] = [];
  now = START;
  pvc: Version = { uid: 'uid-1', resourceVersion: 1, annotations: { [A.useCopyTrigger]: '' } };
  #windows = 0;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  newWindowId(): string {
    this.#windows += 1;
    return `w${this.#windows}`;
  }

  decide(read: Version, event: WindowEvent, skew: number): WindowDecision {
    return this.parts.decide(read, event, this.now + skew);
  }

  /** False: the pvc is no longer what it was when the patch was decided. */
  patch(read: Version, patch: AnnotationPatch): boolean {
    if (this.parts.preconditions && read.resourceVersion !== this.pvc.resourceVersion) return false;
    const before = this.pvc;
    this.#write(patch);
    if (patch[A.latestCopyStatus] === 'Completed' || patch[A.latestCopyStatus] === 'Failed')
      this.pvc = { ...this.pvc, answeredAt: this.now };
    this.judge.patched({ before, after: this.pvc, patch, copies: this.copies, now: this.now });
    return true;
  }

  /** The owner writes without preconditions, and only its own keys. */
  annotate(patch: AnnotationPatch): void {
    this.#write(patch);
  }

  /** A retry finds the copy that an earlier attempt has made. */
  copy(windowId: string | undefined, run: string): ModelCopy {
    const found = this.copies.find((copy) => copy.windowId === windowId && copy.run === run && !copy.removed);
    if (found !== undefined) return found;
    const copy: ModelCopy = { windowId, run, removed: false };
    this.judge.copyCreated(windowId);
    this.copies.push(copy);
    return copy;
  }

  /** The runs whose copies of this window are cut, as a watch shows that may not have seen yet what was removed. */
  cutRuns(windowId: string): readonly string[] {
    return this.copies
      .filter((copy) => copy.windowId === windowId && copy.cutAt !== undefined)
      .map(({ run }) => run);
  }

  pendingCopies(): readonly ModelCopy[] {
    return this.copies.filter(({ cutAt, removed }) => cutAt === undefined && !removed);
  }

  #write(patch: AnnotationPatch): void {
    const annotations: Record<string, string | undefined> = { ...this.pvc.annotations };
    for (const [key, value] of Object.entries(patch)) {
      if (value === null) delete annotations[key];
      else annotations[key] = value;
    }
    this.pvc = { ...this.pvc, annotations, resourceVersion: this.pvc.resourceVersion + 1 };
  }
}
