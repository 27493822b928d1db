// Slots of a schedule at which no sync was started: Temporal counts them for as long as the schedule exists.

export interface LostSlots {
  /** The sync before was still running, mostly because it waited for its trigger. */
  readonly skipped: number;
  /** Temporal was away for longer than the catch-up window. */
  readonly missed: number;
}

/** What was lost since the last look; undefined when nothing was. A schedule that was made anew counts from zero. */
export function newlyLost(before: LostSlots | undefined, now: LostSlots): LostSlots | undefined {
  if (before === undefined) return undefined;
  const since = (earlier: number, later: number) => (later >= earlier ? later - earlier : later);
  const lost = { skipped: since(before.skipped, now.skipped), missed: since(before.missed, now.missed) };
  return lost.skipped + lost.missed === 0 ? undefined : lost;
}
