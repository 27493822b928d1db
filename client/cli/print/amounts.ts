// Times, durations and bytes for people: ages as kubectl prints them.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** `59s`, `5m12s`, `3h`, `2d4h`: as the column AGE of kubectl. */
export function age(milliseconds: number): string {
  const time = Math.max(0, milliseconds);
  if (time < 2 * MINUTE) return `${Math.floor(time / SECOND)}s`;
  if (time < 10 * MINUTE) return two(time, [MINUTE, 'm'], [SECOND, 's']);
  if (time < 3 * HOUR) return `${Math.floor(time / MINUTE)}m`;
  if (time < 8 * HOUR) return two(time, [HOUR, 'h'], [MINUTE, 'm']);
  if (time < 2 * DAY) return `${Math.floor(time / HOUR)}h`;
  if (time < 8 * DAY) return two(time, [DAY, 'd'], [HOUR, 'h']);
  if (time < 2 * YEAR) return `${Math.floor(time / DAY)}d`;
  return time < 8 * YEAR ? two(time, [YEAR, 'y'], [DAY, 'd']) : `${Math.floor(time / YEAR)}y`;
}

type Unit = readonly [milliseconds: number, name: string];

function two(time: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((time % large) / small);
  return `${Math.floor(time / large)}${largeName}${rest === 0 ? '' : `${rest}${smallName}`}`;
}

/** How long ago, or `-`. */
export function ago(time: number | undefined, now: number): string {
  return time === undefined ? '-' : age(now - time);
}

/** `245ms`, `1.2s`, `2m3s`: what a person wants to know of a duration. */
export function brief(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.round(milliseconds)}ms`;
  if (milliseconds < 10 * SECOND) return `${(milliseconds / SECOND).toFixed(1)}s`;
  return age(milliseconds);
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `4 B`, `1.2 GiB`. */
export function bytes(count: number): string {
  let [amount, unit] = [count, 0];
  while (amount >= 1024 && unit < BYTE_UNITS.length - 1) [amount, unit] = [amount / 1024, unit + 1];
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** `15:04:05` in UTC; with the day in front when it is not `day`'s. */
export function clock(time: number, day?: number): string {
  const iso = new Date(time).toISOString();
  const sameDay = day !== undefined && new Date(day).toISOString().slice(0, 10) === iso.slice(0, 10);
  return sameDay ? iso.slice(11, 19) : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

/** RFC 3339 in whole seconds, or undefined: for output that programs read. */
export function stamp(time: number | undefined): string | undefined {
  return time === undefined ? undefined : `${new Date(time).toISOString().slice(0, 19)}Z`;
}
