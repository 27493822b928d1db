// Times as they stand on the wire: RFC 3339, UTC.

/** Milliseconds since the epoch; undefined when it is absent or no time. */
export function parseTime(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** RFC 3339 UTC in whole seconds, as VolSync writes times; rounded down, so that a deadline never moves later. */
export function wholeSeconds(time: number): string {
  return new Date(Math.floor(time / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
