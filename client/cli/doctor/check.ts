// One thing that the doctor looks at, and what came of it.

export type CheckState = 'ok' | 'warning' | 'failed' | 'unknown';

export interface Check {
  readonly name: string;
  readonly state: CheckState;
  /** What was found: one sentence. */
  readonly found: string;
  /** What to do; absent when all is well. */
  readonly doWhat?: string;
}

export function ok(name: string, found: string): Check {
  return { name, state: 'ok', found };
}

/** Anything but `ok` says what to do. */
export function bad(
  name: string,
  state: Exclude<CheckState, 'ok'>,
  said: Pick<Check, 'found' | 'doWhat'>,
): Check {
  return { name, state, ...said };
}
