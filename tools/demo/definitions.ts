import { join } from 'node:path';
import type { Kubectl } from './kubectl.ts';
import type { Teller } from './story.ts';

const folder = join(import.meta.dirname, '../../deploy/crds');

/** VolSync's own definitions serve as well, and are left alone. */
export async function applyDefinitions(kubectl: Kubectl, tell: Teller): Promise<void> {
  const name = 'customresourcedefinition/replicationsources.volsync.backube';
  const standing = await kubectl(['get', name, '--ignore-not-found', '-o', 'json']);
  if (standing.trim() !== '' && !isOurs(standing)) {
    tell.say(
      'the definition of ReplicationSource that stands in the cluster is used, without status.lastCopy',
    );
    return;
  }
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', folder]);
  // Waiting for the condition itself fails while there are no conditions yet.
  await kubectl([
    'wait',
    name,
    '--for=jsonpath={.status.acceptedNames.kind}=ReplicationSource',
    '--timeout=30s',
  ]);
}

// Only ours has this field.
function isOurs(definition: string): boolean {
  return definition.includes('"lastCopy"');
}
