import { durationMs } from '../../domain/duration.ts';
import type { Typed } from './catalogue.ts';
import { CliError, EXIT } from './exit.ts';

/** Milliseconds of a flag such as `--timeout 90s`; undefined when it was not typed. */
export function durationFlag({ flags }: Typed, name: string): number | undefined {
  const text = flags[name];
  if (typeof text !== 'string') return undefined;
  const milliseconds = durationMs(text);
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
  throw new CliError(`--${name} is ${JSON.stringify(text)}; it is a duration like 90s or 10m.`, EXIT.usage);
}

export function requiredWord({ words }: Typed, index = 0): string {
  const word = words[index];
  if (word === undefined) throw new CliError('A name is missing; --help shows what to type.', EXIT.usage);
  return word;
}
