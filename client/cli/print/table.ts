// Tables as kubectl prints them: upper-case heads, three spaces between columns, nothing behind the last one.
import type { Ink, Style } from './ink.ts';

export type Cell = string | { readonly text: string; readonly style: Style | undefined };

export interface Table {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const GAP = 3;

export function renderTable({ heads, rows }: Table, ink: Ink): string {
  const widths = heads.map((head, column) =>
    Math.max(...[head, ...rows.map((row) => textOf(row[column]))].map((text) => widthOf(text))),
  );
  const line = (cells: readonly Cell[]): string =>
    cells
      .map((cell, column) => {
        const last = column === cells.length - 1;
        return painted(cell, ink) + (last ? '' : paddingOf(textOf(cell), (widths[column] ?? 0) + GAP));
      })
      .join('')
      .trimEnd();
  return [line(heads), ...rows.map(line)].join('\n');
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : (cell?.text ?? '');
}

function painted(cell: Cell, ink: Ink): string {
  return typeof cell === 'string' ? cell : ink(cell.style, cell.text);
}

function paddingOf(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text)));
}

// Names in Kubernetes are ASCII; a trigger may be anything: its characters count, not its bytes.
function widthOf(text: string): number {
  return Array.from(text).length;
}
