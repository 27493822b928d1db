// How the CLI ends: one sentence on standard error, and an exit code that scripts can rely on (docs/cli.md).

export const EXIT = {
  done: 0,
  /** What was asked for has ended badly: a sync, a copy, a check. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The cluster, Temporal or an object cannot be reached or does not exist. */
  unavailable: 3,
  timedOut: 4,
  /** `quiesce`: the owner's own command has failed. */
  commandFailed: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a sentence for the person who typed it. */
export class CliError extends Error {
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode = EXIT.failed) {
    super(message);
    this.code = code;
  }
}

/** Errors whose sentence is meant for people; any other is a defect of ours and keeps its stack. */
const FOR_PEOPLE: ReadonlySet<string> = new Set(['KubernetesError', 'ServiceError', 'TimeoutError']);

interface Ending {
  readonly code: ExitCode;
  readonly sentence: string;
}

/** What is printed of an error, and the exit code. */
export function endingOf(error: unknown, debug = false): Ending {
  if (!(error instanceof Error)) return { code: EXIT.failed, sentence: String(error) };
  if (debug) return { code: codeOf(error), sentence: error.stack ?? error.message };
  return { code: codeOf(error), sentence: sentenceOf(error) };
}

function codeOf(error: Error): ExitCode {
  if (error instanceof CliError) return error.code;
  return isForPeople(error) ? EXIT.unavailable : EXIT.failed;
}

function sentenceOf(error: Error): string {
  const sentence = error.message.split('\n')[0] ?? error.message;
  if (isForPeople(error)) return sentence;
  return `unexpected: ${sentence} (STILLPOINT_DEBUG=1 shows where)`;
}

// The classes of kubernetes/ and client/temporal.ts are known by name: to load them would load what they need.
function isForPeople(error: Error): boolean {
  return error instanceof CliError || FOR_PEOPLE.has(error.name) || error.constructor.name === 'StartError';
}
