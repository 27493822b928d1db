// Which requests the fault proxy breaks, and how; with each fault, whether the request is carried out.
import { fits } from './api-call.ts';
import type { ApiCall, Match } from './api-call.ts';

export type ApiFault =
  /** Answered so, and never carried out. */
  | {
      readonly kind: 'refused';
      readonly code: number;
      readonly reason: string;
      readonly retryAfterSeconds?: number;
    }
  /** Neither carried out nor answered. */
  | { readonly kind: 'unanswered' }
  /** Held so long before it is carried out; not carried out when the client goes meanwhile. */
  | { readonly kind: 'held'; readonly ms: number }
  /** Carried out; the connection is cut instead of an answer. */
  | { readonly kind: 'answerLost' }
  /** Carried out; the connection is cut in the middle of the answer. */
  | { readonly kind: 'answerTorn' }
  /** A watch: accepted, then ended by an ERROR event, as when its place is no longer known. */
  | { readonly kind: 'expired' }
  /** A watch: each of its events comes so late. */
  | { readonly kind: 'slow'; readonly ms: number };

/** A fault that is in force. */
export interface Rule {
  /** The requests that it hit. */
  readonly hits: readonly ApiCall[];
  lift(): void;
}

/** Each object's first request of each verb, the first one that fits, or all. */
export type Which = 'eachOnce' | 'first' | 'all';

export interface Rules {
  /** The newest rule counts. */
  add(match: Match, fault: ApiFault, which: Which): Rule;
  /** What happens to this request, which counts as hit. */
  faultFor(call: ApiCall): ApiFault | undefined;
}

interface Standing {
  readonly match: Match;
  readonly fault: ApiFault;
  readonly which: Which;
  readonly hits: ApiCall[];
  lifted: boolean;
}

export function createRules(): Rules {
  const rules: Standing[] = [];
  return {
    add(match, fault, which) {
      const rule: Standing = { match, fault, which, hits: [], lifted: false };
      rules.unshift(rule);
      return { hits: rule.hits, lift: () => void (rule.lifted = true) };
    },
    faultFor(call) {
      const rule = rules.find((standing) => isInForce(standing, call) && fits(call, standing.match));
      rule?.hits.push(call);
      return rule?.fault;
    },
  };
}

function isInForce({ which, hits, lifted }: Standing, call: ApiCall): boolean {
  if (lifted) return false;
  if (which === 'first') return hits.length === 0;
  return which === 'all' || !hits.some((hit) => keyOf(hit) === keyOf(call));
}

// A patch of the pvc says by its status which step of the window it is.
function keyOf({ verb, resource, name, subresource, body }: ApiCall): string {
  const status = /"volsync.backube\/latest-copy-status":"(\w+)"/.exec(body)?.[1] ?? '';
  return [verb, resource, name, subresource, status].join(' ');
}
