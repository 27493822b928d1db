// Running other people's programs and saying in one sentence what went wrong.
import { spawn } from 'node:child_process';

/** Tells the person in front of the terminal one line. */
export type Say = (line: string) => void;

export interface RunOptions {
  readonly folder?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** What the program printed; rejects with its last words when it fails. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.folder,
      env: options.environment ?? process.env,
      stdio: 'pipe',
    });
    let printed = '';
    let complained = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (complained = (complained + text).slice(-8192)));
    child.stdin.on('error', () => {}).end(options.input ?? '');
    child.on('error', (cause) => reject(new Error(`${command} could not be started: ${cause.message}.`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(printed);
      const lastWords = (complained.trim() || printed.trim()).split('\n').slice(-5).join('\n');
      reject(
        new Error(
          `\`${[command, ...args].join(' ').slice(0, 200)}\` ended with ${code ?? signal}: ${lastWords}`,
        ),
      );
    });
  });
}

/** Quotes one word for a POSIX shell. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
