// `pause` and `resume`: spec.paused, which the controller carries into the schedule.
import type { ExitCode } from './exit.ts';
import type { Run } from './catalogue.ts';
import { requiredWord } from './durations.ts';
import { EXIT } from './exit.ts';
import { refOf, sourceAt } from './place.ts';
import type { Place } from './place.ts';

export const run: Run = (place, typed) => setPaused(place, requiredWord(typed), true);

export async function setPaused(place: Place, word: string, paused: boolean): Promise<ExitCode> {
  const { metadata, spec } = await sourceAt(place, word);
  const ref = refOf(place, word);
  const name = `replicationsource ${ref.namespace}/${ref.name}`;
  if ((spec?.paused ?? false) === paused) {
    place.out.line(`${name}: ${paused ? 'is paused already' : 'is not paused'}`);
    return EXIT.done;
  }
  const { uid } = metadata;
  await place.cluster.sources.patch(ref, { ...(uid && { metadata: { uid } }), spec: { paused } });
  place.out.line(`${name}: ${paused ? 'paused; a running sync is done to its end' : 'resumed'}`);
  return EXIT.done;
}
