import type { ObjectRef } from '../api/kubernetes.ts';
import { objectPath, subjectOf, KINDS } from './kinds.ts';
import { isTransient } from './kubernetes-error.ts';
import { splitLines } from './lines.ts';
import type { Transport } from './transport.ts';

export interface FollowLogRequest {
  readonly pod: ObjectRef;
  readonly container: string;
  readonly tailLines?: number | undefined;
  readonly signal: AbortSignal;
}

/** Longer lines are cut: a mover that writes no line breaks must not fill our memory. */
const LONGEST_LINE = 64 * 1024;

/**
 * The container's lines as they come. A connection that breaks in the middle ends them like the container's
 * end does: whether the container has really ended stands in the pod. Refusals and the caller's abort throw.
 */
export async function* followPodLog(
  transport: Transport,
  request: FollowLogRequest,
): AsyncGenerator<string, void> {
  const { pod, container, tailLines, signal } = request;
  const chunks = transport.stream({
    verb: 'log',
    resource: 'pods',
    subject: subjectOf(KINDS.pods, pod),
    path: `${objectPath(KINDS.pods, pod)}/log`,
    query: { follow: true, container, tailLines },
    signal,
  });
  let begun = false;
  try {
    for await (const line of splitLines(chunks, LONGEST_LINE)) {
      begun = true;
      yield line;
    }
  } catch (error) {
    if (!begun || !isTransient(error)) throw error;
  }
}
