// Markdown tables, in the form that prettier gives them up to the padding (docs/reference is not formatted).

/** One row per entry; a bar or a line break inside a cell would end it. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Paragraphs, headings and tables, one blank line between them, under a note on where they come from. */
export function page(writtenIn: string, parts: readonly string[]): string {
  const note = `<!-- Made by npm run generate from ${writtenIn}; do not edit. -->`;
  return `${[note, ...parts].join('\n\n')}\n`;
}

/** The anchor that a Markdown viewer gives a heading. */
export function anchor(heading: string): string {
  return `#${heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
