// Titles of the tests in a file, as its source has them: `describe › it`. Placeholders stay as they are written.

interface Heading {
  readonly indent: number;
  readonly title: string;
}

/** In the order of the file. */
export function titlesIn(source: string): readonly string[] {
  const titles: string[] = [];
  let within: readonly Heading[] = [];
  for (const { 0: start, 1: indent = '', 2: kind, index } of source.matchAll(
    /^( *)(describe|it)\b(?:\.concurrent)?/gm,
  )) {
    const title = titleAfter(source, index + start.length);
    within = within.filter((heading) => heading.indent < indent.length);
    if (kind === 'it') titles.push([...within.map((heading) => heading.title), title].join(' › '));
    else within = [...within, { indent: indent.length, title }];
  }
  return titles;
}

// Behind `.each(…)`, if there is one, the first argument of the call is the title.
function titleAfter(source: string, position: number): string {
  const [each] = /^\.each(<[^(]*>)?(?=\()/.exec(source.slice(position)) ?? [];
  const call = each === undefined ? position : afterParentheses(source, position + each.length);
  const title = /^\(\s*(['"`])([^]*?)\1\s*,/.exec(source.slice(call));
  if (title === null) throw new Error(`no title behind ${source.slice(position, position + 60)}`);
  return (title[2] ?? '').replaceAll('\\', '');
}

// Quotes within a table may hold parentheses; a table with an unpaired one would be found out by the error above.
function afterParentheses(source: string, open: number): number {
  let depth = 0;
  for (let position = open; position < source.length; position++) {
    if (source[position] === '(') depth++;
    if (source[position] === ')') depth--;
    if (depth === 0) return position + 1;
  }
  throw new Error('the parentheses do not close');
}
