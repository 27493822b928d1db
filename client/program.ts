// How our processes start and end: one sentence and exit code 1 when they cannot start, and an orderly end on
// SIGTERM and SIGINT.
import { SettingsError } from '../api/settings.ts';

/** A process cannot start for a reason that its operator can mend; the message is for them. */
export class StartError extends Error {}

/** Runs until `stop` is aborted by a signal; a second signal ends the process at once. */
export async function runProgram(name: string, run: (stop: AbortSignal) => Promise<void>): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(1);
      stopping.abort(new Error(`${signal} received`));
    });
  }
  try {
    await run(stopping.signal);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`stillpoint ${name}: ${explain(error)}\n`);
    process.exit(1);
  }
}

/** For what a process needs at its start: whatever fails there is said in one sentence. */
export async function orStartError<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

// Only what is a defect of ours is shown with its stack.
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = error instanceof StartError || error instanceof SettingsError;
  return expected ? error.message : (error.stack ?? error.message);
}
