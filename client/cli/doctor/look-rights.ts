// What the person who types may do, asked by SelfSubjectAccessReview.
import type { Place } from '../place.ts';
import { bad, ok } from './check.ts';
import type { Check } from './check.ts';

interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Commands that need it. */
  readonly for: string;
}

export const RIGHTS: readonly Right[] = [
  { verb: 'list', group: 'volsync.backube', resource: 'replicationsources', for: 'status' },
  { verb: 'get', group: 'volsync.backube', resource: 'replicationsources', for: 'watch, explain, sync' },
  { verb: 'patch', group: 'volsync.backube', resource: 'replicationsources', for: 'pause, resume' },
  { verb: 'list', group: '', resource: 'persistentvolumeclaims', for: 'status' },
  { verb: 'get', group: '', resource: 'persistentvolumeclaims', for: 'trigger, quiesce, watch' },
  { verb: 'patch', group: '', resource: 'persistentvolumeclaims', for: 'trigger, quiesce' },
];

export async function lookAtRights(place: Place): Promise<readonly Check[]> {
  const allowed = await Promise.all(RIGHTS.map((right) => isAllowed(place, right)));
  return judgeRights(
    RIGHTS.filter((_, index) => allowed[index] === false),
    place.namespace,
  );
}

export function judgeRights(missing: readonly Right[], namespace: string | undefined): readonly Check[] {
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  if (missing.length === 0) return [ok('your rights', `you may do what every command needs ${where}`)];
  return missing.map(({ verb, resource, for: commands }) =>
    bad('your rights', 'warning', {
      found: `you may not ${verb} ${resource} ${where}`,
      doWhat: `"${commands}" needs it; ask for a Role with that verb.`,
    }),
  );
}

async function isAllowed(
  { transport, namespace }: Place,
  { verb, group, resource }: Right,
): Promise<boolean> {
  const answer = await transport.call({
    verb: 'create',
    resource: 'selfsubjectaccessreviews',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, group, resource, ...(namespace !== undefined && { namespace }) } },
    },
  });
  return (answer as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true;
}
