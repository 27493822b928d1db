// Where a command prints: results on standard output, words about them on standard error, as kubectl does.
import { CliError, EXIT } from '../exit.ts';
import { createInk, wantsColours } from './ink.ts';
import type { Ink } from './ink.ts';
import { renderTable } from './table.ts';
import type { Table } from './table.ts';

export const FORMATS = ['table', 'wide', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

export interface Out {
  readonly format: Format;
  readonly ink: Ink;
  /** Lines may be rewritten. */
  readonly live: boolean;
  line(text: string): void;
  /** Not a result: a hint, a warning. */
  remark(text: string): void;
  table(table: Table): void;
  /** Rewrites the lines that were shown last; only where `live`. */
  show(text: string): void;
  /** For `-o json` and `-o yaml`. */
  data(value: unknown): Promise<void>;
}

export function createOut({ format, color }: { format: Format; color: boolean }): Out {
  const { stdout, stderr } = process;
  const ink = createInk(wantsColours({ color, terminal: stdout.isTTY === true, env: process.env }));
  const live = stdout.isTTY === true && process.env['TERM'] !== 'dumb';
  let shown = 0;
  const erase = (): void => {
    if (shown > 0) stdout.write(`\x1b[${shown}A\x1b[0J`);
    shown = 0;
  };
  const line = (text: string): void => {
    erase();
    stdout.write(`${text}\n`);
  };
  return {
    format,
    ink,
    live,
    line,
    remark: (text) => {
      erase();
      stderr.write(`${text}\n`);
    },
    table: (table) => line(renderTable(table, ink)),
    show(text) {
      line(text);
      shown = rowsOf(text, stdout.columns || 80);
    },
    async data(value) {
      // As kubectl does: a time in quotes is a string for every reader.
      if (format === 'yaml') line((await import('yaml')).stringify(value, { version: '1.1' }).trimEnd());
      else line(JSON.stringify(value, undefined, 2));
    },
  };
}

export function isFormat(text: string): text is Format {
  return (FORMATS as readonly string[]).includes(text);
}

export function readFormat(text: string | undefined): Format {
  if (text === undefined) return 'table';
  if (isFormat(text)) return text;
  throw new CliError(`--output is ${JSON.stringify(text)}; it is json, yaml or wide.`, EXIT.usage);
}

// A line that is longer than the terminal is wide takes several; escapes for colours take none.
function rowsOf(text: string, columns: number): number {
  // oxlint-disable-next-line no-control-regex -- That is what an escape is.
  const lines = text.replaceAll(/\x1b\[[0-9;]*m/g, '').split('\n');
  return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(line.length / columns)), 0);
}
