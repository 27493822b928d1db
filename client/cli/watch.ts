// `watch`: the running sync, or the next one, live. Without Temporal it shows less.
import type { Run } from './catalogue.ts';
import { durationFlag, requiredWord } from './durations.ts';
import { follow } from './follow.ts';
import { refOf, sourceAt } from './place.ts';
import type { Place } from './place.ts';
import type { TemporalSide } from './temporal-side.ts';

export const run: Run = async (place, typed) => {
  const name = requiredWord(typed);
  const timeoutMs = durationFlag(typed, 'timeout');
  await sourceAt(place, name);
  const ref = refOf(place, name);
  const temporal = await temporalIfReachable(place);
  return follow(place, { ref, temporal, timeoutMs });
};

/** Undefined, and said, when Temporal cannot be reached: it may be visible from inside the cluster only. */
export async function temporalIfReachable(place: Place): Promise<TemporalSide | undefined> {
  try {
    const temporal = await place.temporal();
    const { temporalSide } = await import('./temporal-side.ts');
    return temporalSide(temporal);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    place.out.remark(`Without Temporal there is less to see: ${why}`);
    return undefined;
  }
}
