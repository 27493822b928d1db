// The search attributes by which people find syncs in Temporal's UI. A namespace must know them before the
// first schedule can be made.
import type { ConnectionLike } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../domain/messages.ts';
import { StartError } from './program.ts';

const KEYWORD = 2; // temporal.api.enums.v1.IndexedValueType

/** Creates those that are missing; harmless when two processes do so at once. */
export async function ensureSearchAttributes(connection: ConnectionLike, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = SEARCH_ATTRIBUTES.filter((name) => customAttributes[name] !== KEYWORD);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === ALREADY_EXISTS) return;
    throw new StartError(
      `Temporal namespace ${namespace} lacks the search attributes ${missing.join(', ')}, and they could not be created (${reasonOf(error)}); create them with "temporal operator search-attribute create --namespace ${namespace} ${missing.map((name) => `--name ${name} --type Keyword`).join(' ')}".`,
      { cause: error },
    );
  }
}

const ALREADY_EXISTS = 6;

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
