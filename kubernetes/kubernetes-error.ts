// The one place where failures of the API server become errors of ours.

export interface KubernetesErrorFields {
  /** HTTP status; 0 when no answer came. */
  readonly code: number;
  /**
   * The API server's own (`NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `TooManyRequests`, …),
   * `UnknownKind` when it has no such kind, or `Unreachable` or `Timeout` when no answer came.
   */
  readonly reason: string;
  readonly message: string;
  readonly retryAfterSeconds?: number | undefined;
  /** The fields that an Invalid answer names. */
  readonly fields?: readonly string[];
  readonly cause?: unknown;
}

export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly code: number;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
  readonly fields: readonly string[];

  constructor({ code, reason, message, retryAfterSeconds, fields, cause }: KubernetesErrorFields) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
    this.fields = fields ?? [];
  }
}

export const isNotFound = (error: unknown): boolean => hasReason(error, 'NotFound');
export const isAlreadyExists = (error: unknown): boolean => hasReason(error, 'AlreadyExists');
/** The cluster has no definition of this kind. */
export const isUnknownKind = (error: unknown): boolean => hasReason(error, 'UnknownKind');
/** A precondition no longer holds: read live and decide again. */
export const isConflict = (error: unknown): boolean => hasReason(error, 'Conflict');
/** The resourceVersion or the page we asked for is gone: list anew. */
export const isExpired = (error: unknown): boolean => error instanceof KubernetesError && error.code === 410;

/**
 * The same request may succeed later without anybody changing anything: no answer, overload, a server
 * in trouble. Not for Conflict, which needs a new read first.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof KubernetesError)) return false;
  return error.code === 0 || error.code === 429 || error.code >= 500;
}

/** The server has understood, and says no: only a changed object, quota or permission helps. */
export function isRefused(error: unknown): boolean {
  return error instanceof KubernetesError && REFUSED.has(error.code);
}

const REFUSED: ReadonlySet<number> = new Set([400, 403, 405, 413, 422]);

function hasReason(error: unknown, reason: string): boolean {
  return error instanceof KubernetesError && error.reason === reason;
}

/** What was asked of the API server, as it stands in errors: `patch persistentvolumeclaims shop/orders`. */
export type Asked = string;

export interface Refusal {
  readonly code: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly field?: string }[];
  };
}

/** From an answer that is not a success. */
export function refused(asked: Asked, { code, body, retryAfter }: Refusal): KubernetesError {
  const status = parseStatus(body);
  if (status === undefined && code === 404) return unknownKind(asked);
  return fromStatus(asked, { code, status: status ?? { message: body.slice(0, 300).trim() }, retryAfter });
}

/** From an ERROR event inside a watch, whose object is a Status. */
export function refusedInStream(asked: Asked, object: unknown): KubernetesError {
  const status = (object ?? {}) as Status & { readonly code?: number };
  return fromStatus(asked, { code: status.code ?? 500, status });
}

function fromStatus(
  asked: Asked,
  { code, status, retryAfter }: { code: number; status: Status; retryAfter?: string | undefined },
): KubernetesError {
  return new KubernetesError({
    code,
    reason: status.reason || REASONS.get(code) || 'Unknown',
    message: `${asked}: ${status.message || `the API server answered ${code}`}`,
    retryAfterSeconds: seconds(retryAfter) ?? status.details?.retryAfterSeconds,
    fields: (status.details?.causes ?? []).flatMap(({ field }) => field ?? []),
  });
}

/** For answers without a Status: those of a proxy or of an overloaded server. */
const REASONS = new Map([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [409, 'Conflict'],
  [410, 'Expired'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
]);

function unknownKind(asked: Asked): KubernetesError {
  const message = `${asked}: the API server does not know this kind; apply its CustomResourceDefinition`;
  return new KubernetesError({ code: 404, reason: 'UnknownKind', message });
}

function parseStatus(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const isStatus =
      typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status';
    return isStatus ? (parsed as Status) : undefined;
  } catch {
    return undefined;
  }
}

function seconds(retryAfter: string | undefined): number | undefined {
  const value = Number(retryAfter);
  return retryAfter !== undefined && Number.isFinite(value) ? value : undefined;
}

/** From a request that got no answer, or whose answer broke off. */
export function unreachable(asked: Asked, cause: unknown): KubernetesError {
  const message = `${asked}: the API server cannot be reached (${describeCause(cause)})`;
  return new KubernetesError({ code: 0, reason: 'Unreachable', message, cause });
}

/** A token file or an exec plugin failed us; `Unauthorized` is also what a server says to bad credentials. */
export function noCredentials(asked: Asked, cause: unknown): KubernetesError {
  const message = `${asked}: no credentials for the API server (${describeCause(cause)}); check the kubeconfig's user`;
  return new KubernetesError({ code: 0, reason: 'Unauthorized', message, cause });
}

export function timedOut(asked: Asked, milliseconds: number): KubernetesError {
  const message = `${asked}: the API server gave no answer within ${milliseconds / 1000} s`;
  return new KubernetesError({ code: 0, reason: 'Timeout', message });
}

function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  return [code, cause.message].filter((part) => part !== undefined && part !== '').join(': ');
}
