import type { ObjectRef } from '../../api/kubernetes.ts';
import { CliError } from './exit.ts';
import { refOf, sourceAt } from './place.ts';
import type { Place } from './place.ts';
import { temporalSide } from './temporal-side.ts';
import type { TemporalSide } from './temporal-side.ts';

export interface RunningSync {
  readonly ref: ObjectRef;
  readonly run: string;
  readonly temporal: TemporalSide;
}

/** The sync of this source that runs now; a sentence when there is none. */
export async function runningSync(place: Place, name: string): Promise<RunningSync> {
  await sourceAt(place, name);
  const ref = refOf(place, name);
  const temporal = temporalSide(await place.temporal());
  const run = await temporal.running(ref);
  if (run !== undefined) return { ref, run, temporal };
  throw new CliError(
    `No sync of ${ref.namespace}/${ref.name} is running; "kubectl stillpoint explain -n ${ref.namespace} ${ref.name}" says why.`,
  );
}
