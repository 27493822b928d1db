// The few times that no setting changes, because the protocol's margins decide them.
import { MARGIN_MS } from '../domain/copy-window.ts';

/** The promise outlasts our own deadline by so much, and never by MARGIN_MS: a `Completed` is written MARGIN_MS before its end. */
export const VALID_BEYOND_MS = MARGIN_MS / 2;
/** A trigger that is set later than that before our deadline would not be accepted any more. */
export const TRIGGER_NEEDS_MS = MARGIN_MS;
/** How often the pvc is read while the application stands still, beside the watch: a watch may be dead without a word. */
export const LOOK_EVERY_MS = 2_000;
const RETRY_FIRST_MS = 500;
const RETRY_LONGEST_MS = 10_000;
/** Longest pause after freezes for nothing. */
export const LONGEST_PAUSE_MS = 15 * 60_000;

/** After so many failures in a row of a step that must succeed in the end. */
export function retryMs(failures: number): number {
  return Math.min(RETRY_LONGEST_MS, RETRY_FIRST_MS * 2 ** Math.max(0, failures - 1));
}
