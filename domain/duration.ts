// Durations as people write them (`90s`, `10m`, `1h30m`: Go's syntax) and as VolSync's status prints them.

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const WHOLE = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/;
const PARTS = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;

/** Milliseconds of a Go duration, rounded to the nearest; undefined when it is none, or negative. */
export function durationMs(text: string): number | undefined {
  if (text === '0') return 0;
  if (!WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PARTS)) total += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  return Math.round(total);
}

/** As Go prints a duration: `1m33.5s`, `1h0m0s`, `250ms`, `0s`. */
export function goDuration(milliseconds: number): string {
  const total = Math.round(milliseconds);
  if (total < 0) return `-${goDuration(-total)}`;
  if (total > 0 && total < 1_000) return `${total}ms`;
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor(total / 60_000) % 60;
  const seconds = `${(total % 60_000) / 1_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
