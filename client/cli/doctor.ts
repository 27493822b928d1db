// `doctor`: looks at everything that a sync needs, and says for each trouble what to do.
import type { Run } from './catalogue.ts';
import type { Check, CheckState } from './doctor/check.ts';
import { lookAtCluster } from './doctor/look-cluster.ts';
import { lookAtRights } from './doctor/look-rights.ts';
import { asked } from './doctor/look-cluster.ts';
import { EXIT } from './exit.ts';
import type { Place } from './place.ts';
import type { Ink, Style } from './print/ink.ts';

export const run: Run = async (place) => {
  const { out } = place;
  // An API server that gives no answer at all is the one sentence to be said.
  await place.transport.call({ verb: 'get', resource: 'api', path: '/api' });
  const checks = await lookAtAll(place);
  if (out.format === 'json' || out.format === 'yaml') await out.data({ items: checks });
  else out.line(checksText(checks, out.ink));
  return checks.some(({ state }) => state === 'failed') ? EXIT.failed : EXIT.done;
};

async function lookAtAll(place: Place): Promise<readonly Check[]> {
  const { lookAtProcesses, lookAtTemporal } = await import('./doctor/look-temporal.ts');
  const looks = await Promise.all([
    lookAtCluster(place),
    asked('your rights', () => lookAtRights(place)),
    lookAtTemporal(place),
    lookAtProcesses(place),
  ]);
  return looks.flat();
}

const MARKS: Readonly<Record<CheckState, { readonly word: string; readonly style: Style }>> = {
  ok: { word: 'ok', style: 'green' },
  warning: { word: 'warning', style: 'yellow' },
  failed: { word: 'FAILED', style: 'red' },
  unknown: { word: 'unknown', style: 'magenta' },
};

export function checksText(checks: readonly Check[], ink: Ink): string {
  const width = Math.max(...checks.map(({ name }) => name.length)) + 2;
  const lines = checks.flatMap(({ name, state, found, doWhat }) => {
    const { word, style } = MARKS[state];
    const line = `${ink(style, word.padEnd(9))}${name.padEnd(width)}${found}`;
    return doWhat === undefined ? [line] : [line, `${' '.repeat(9 + width)}→ ${doWhat}`];
  });
  const count = (state: CheckState): number => checks.filter((check) => check.state === state).length;
  const sum = `${count('failed')} failed, ${count('warning')} warnings, ${count('unknown')} unknown, ${count('ok')} ok`;
  return [...lines, '', sum].join('\n');
}
