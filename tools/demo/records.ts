// What the application writes, and what must be true of a copy of it: one record per line, `<number> <time>`,
// numbered from one without gaps.

export type Verdict =
  | { readonly proved: true; readonly lastRecord: string }
  | { readonly proved: false; readonly because: string };

export interface Claim {
  /** The records as restored from the copy. */
  readonly restored: string;
  /** Number of the last record that the application wrote before it stood still. */
  readonly quiescedAfter: number;
  /** The application's own records, at least up to that number, as they stand there now. */
  readonly original: string;
}

/** Whether the copy holds every record up to the quiesce, unchanged, and none after it. */
export function checkRecords({ restored, quiescedAfter, original }: Claim): Verdict {
  const records = linesOf(restored);
  const gap = records.findIndex((record, index) => numberOf(record) !== index + 1);
  if (gap >= 0) return refuted(`line ${gap + 1} is "${records[gap]}", not record ${gap + 1}`);
  if (restored !== '' && !restored.endsWith('\n'))
    return refuted(`its last record, "${records.at(-1)}", is torn`);
  if (records.length < quiescedAfter)
    return refuted(`it ends with record ${records.length}, and the application had written ${quiescedAfter}`);
  if (records.length > quiescedAfter)
    return refuted(`it holds record ${records.length}, written after the quiesce at ${quiescedAfter}`);
  const written = linesOf(original);
  const changed = records.findIndex((record, index) => record !== written[index]);
  if (changed >= 0)
    return refuted(`record ${changed + 1} is "${records[changed]}", written was "${written[changed]}"`);
  return { proved: true, lastRecord: records.at(-1) ?? '' };
}

/** The answer of the application's `quiesce`; undefined when it is none. */
export function parseLastNumber(answer: string): number | undefined {
  const text = answer.trim();
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function refuted(because: string): Verdict {
  return { proved: false, because };
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function numberOf(record: string): number | undefined {
  const number = /^(\d+) \S+$/.exec(record)?.[1];
  return number === undefined ? undefined : Number(number);
}
