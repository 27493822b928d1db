import { failureReasons } from '../../domain/failures.ts';
import { page, table } from './markdown.ts';

/** The reference page of every reason for which a sync can fail. */
export function failuresPage(): string {
  const rows = Object.entries(failureReasons).map(([reason, { when, doWhat, retry }]) => [
    `\`${reason}\``,
    when,
    doWhat,
    retry ? 'yes' : 'no',
  ]);
  return page('domain/failures.ts', [
    '# Failures',
    'The same reason stands in the condition and the events of the source, in logs and metrics, in `stillpoint.dev/latest-copy-error` on the PVC, and as the type of the failure in Temporal. “Retried” says whether the same sync tries again by itself.',
    table(['reason', 'when', 'what to do', 'retried'], rows),
  ]);
}
