// The API server's time, estimated from the Date header of its answers. Date has whole seconds, so one
// answer says: at some moment between sending and receiving, the server's clock stood in [date, date + 1 s).
// Each answer thus bounds the offset between the server's clock and ours, and bounds from many answers
// intersect to something much narrower than a second. Local times come from a monotonic clock, so that a
// step of this machine's wall clock moves nothing.

export interface DateSample {
  /** Local monotonic milliseconds at which the request left and the answer's headers came. */
  readonly sent: number;
  readonly received: number;
  /** The Date header, milliseconds since the epoch. */
  readonly date: number;
}

/** Bounds of (server's time − local monotonic time), as they stood at local time `at`. */
export interface ClockEstimate {
  readonly lowest: number;
  readonly highest: number;
  readonly at: number;
}

/** Quartz is good to 50 ppm and NTP may slew a clock by 500 ppm: bounds widen by this much as they age. */
const DRIFT = 550e-6;

export function observeDate(estimate: ClockEstimate | undefined, sample: DateSample): ClockEstimate {
  const seen = {
    lowest: sample.date - sample.received,
    highest: sample.date + 1000 - sample.sent,
    at: sample.received,
  };
  if (estimate === undefined) return seen;
  const age = Math.max(0, seen.at - estimate.at);
  const lowest = Math.max(seen.lowest, estimate.lowest - age * DRIFT);
  const highest = Math.min(seen.highest, estimate.highest + age * DRIFT);
  // No common offset: the server's clock was set, or another API server answered. The newest counts.
  return lowest < highest ? { lowest, highest, at: seen.at } : seen;
}

/** The server's time at a local monotonic time. It runs like the local clock until the next sample. */
export function serverTime({ lowest, highest }: ClockEstimate, local: number): number {
  return (lowest + highest) / 2 + local;
}
