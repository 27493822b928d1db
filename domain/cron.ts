// Cron schedules as VolSync reads them (robfig's dialect), translated for Temporal. Two differences matter:
// with day-of-month and day-of-week both restricted robfig fires when either matches, Temporal only when
// both do; and Temporal accepts values that robfig refuses. Temporal has no other dialect, so one schedule
// may become two cron strings. Workflows do not import this file: croner is not for their sandbox.
import { Cron } from 'croner';

export type ParsedSchedule =
  | { readonly kind: 'cron'; readonly temporal: readonly string[]; readonly timeZone?: string }
  | { readonly kind: 'refused'; readonly message: string };

/** Reads `spec.trigger.schedule`; the time zone is that of a leading `CRON_TZ=` or `TZ=`, if any. */
export function parseSchedule(text: string): ParsedSchedule {
  const read = readCron(text);
  if (typeof read === 'string')
    return { kind: 'refused', message: `schedule ${JSON.stringify(text)}: ${read}` };
  const zone = read.timeZone === undefined ? {} : { timeZone: read.timeZone };
  return { kind: 'cron', temporal: temporalCrons(read), ...zone };
}

/**
 * The first time after `after`; undefined when the schedule or the zone is refused.
 * A zone in the text wins over `timeZone`, which is UTC unless given.
 */
export function nextTime(text: string, after: Date, timeZone = 'UTC'): Date | undefined {
  const read = readCron(text);
  if (typeof read === 'string' || !isTimeZone(timeZone)) return undefined;
  return firstAfter(read, after, read.timeZone ?? timeZone);
}

/** True for an IANA name that this process knows. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

interface Field {
  readonly values: readonly number[];
  /** `*` or `?` stands in it without a step above 1: it restricts nothing. */
  readonly star: boolean;
}

interface CronFields {
  readonly minute: Field;
  readonly hour: Field;
  readonly dayOfMonth: Field;
  readonly month: Field;
  readonly dayOfWeek: Field;
  readonly timeZone?: string;
}

interface Bounds {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const MINUTE: Bounds = { name: 'minute', min: 0, max: 59, names: [] };
const HOUR: Bounds = { name: 'hour', min: 0, max: 23, names: [] };
const DAY_OF_MONTH: Bounds = { name: 'day of month', min: 1, max: 31, names: [] };
const MONTH: Bounds = { name: 'month', min: 1, max: 12, names: MONTHS };
const DAY_OF_WEEK: Bounds = { name: 'day of week', min: 0, max: 6, names: DAYS };

const FIELDS = [MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK];

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

// A string is the reason why there are no fields.
function readCron(text: string): CronFields | string {
  const { timeZone, cron } = splitTimeZone(text);
  if (timeZone !== undefined && !isTimeZone(timeZone)) return `there is no time zone ${timeZone}`;
  const fields = readFields(cron);
  if (typeof fields === 'string') return fields;
  const zoned = timeZone === undefined ? fields : { ...fields, timeZone };
  // 31 February: VolSync would synchronise without pause.
  const fires = firstAfter(fields, new Date(0), 'UTC') !== undefined;
  return fires ? zoned : 'no day of the calendar matches it, so it would never start a sync';
}

function splitTimeZone(text: string): { timeZone?: string; cron: string } {
  const [, timeZone, cron] = /^(?:CRON_)?TZ=(\S*)\s+(.*)$/.exec(text) ?? [];
  return timeZone === undefined || cron === undefined
    ? { cron: text.trim() }
    : { timeZone, cron: cron.trim() };
}

function readFields(cron: string): CronFields | string {
  const spelled = cron.startsWith('@') ? DESCRIPTORS[cron] : cron;
  if (spelled === undefined) return `${cron} is not one of ${Object.keys(DESCRIPTORS).join(', ')}`;
  const words = spelled.split(/\s+/).filter((word) => word !== '');
  if (words.length !== FIELDS.length)
    return `it has ${words.length} fields instead of ${FIELDS.map(({ name }) => name).join(', ')}`;
  try {
    return fieldsOf(words);
  } catch (error) {
    if (error instanceof UnreadableField) return error.message;
    throw error;
  }
}

function fieldsOf([
  minute = '',
  hour = '',
  dayOfMonth = '',
  month = '',
  dayOfWeek = '',
]: string[]): CronFields {
  return {
    minute: readField(minute, MINUTE),
    hour: readField(hour, HOUR),
    dayOfMonth: readField(dayOfMonth, DAY_OF_MONTH),
    month: readField(month, MONTH),
    dayOfWeek: readField(dayOfWeek, DAY_OF_WEEK),
  };
}

class UnreadableField extends Error {}

function readField(text: string, bounds: Bounds): Field {
  const ranges = text
    .split(',')
    .filter((range) => range !== '')
    .map((range) => readRange(range, bounds));
  if (ranges.length === 0 || ranges.some(({ values }) => values.length === 0)) throw unreadable(text, bounds);
  const values = [...new Set(ranges.flatMap((range) => range.values))].toSorted((a, b) => a - b);
  return { values, star: ranges.some((range) => range.star) };
}

// `*`, `*/5`, `7`, `mon-fri`, `0-30/5`, and `5/15`, which means from 5 to the end by 15.
const RANGE = /^(?:(?<every>[*?])|(?<low>\w+)(?:-(?<high>\w+))?)(?:\/(?<step>\d+))?$/;

function readRange(text: string, bounds: Bounds): Field {
  const { every, low = text, high, step } = RANGE.exec(text)?.groups ?? {};
  const stride = Number(step ?? 1);
  if (every !== undefined) return { values: stepped([bounds.min, bounds.max], stride), star: stride === 1 };
  const first = readNumber(low, bounds);
  const last = high === undefined && step !== undefined ? bounds.max : readNumber(high ?? low, bounds);
  return { values: stepped([first, last], stride), star: false };
}

// Nothing for a range that runs backwards and for a step of 0.
function stepped([first, last]: readonly [number, number], stride: number): number[] {
  if (first > last || stride < 1) return [];
  return Array.from(
    { length: Math.floor((last - first) / stride) + 1 },
    (_, index) => first + index * stride,
  );
}

function readNumber(text: string, bounds: Bounds): number {
  const named = bounds.names.indexOf(text.toLowerCase());
  if (named >= 0) return named + bounds.min;
  const number = /^\d+$/.test(text) ? Number(text) : -1;
  if (number < bounds.min || number > bounds.max) throw unreadable(text, bounds);
  return number;
}

function unreadable(text: string, bounds: Bounds): UnreadableField {
  return new UnreadableField(
    `${JSON.stringify(text)} is not a ${bounds.name} between ${bounds.min} and ${bounds.max}`,
  );
}

function temporalCrons(fields: CronFields): readonly string[] {
  const { dayOfMonth, dayOfWeek } = fields;
  const [dayText, weekdayText] = [print(dayOfMonth, DAY_OF_MONTH), print(dayOfWeek, DAY_OF_WEEK)];
  const cron = (day: string, weekday: string): string =>
    [print(fields.minute, MINUTE), print(fields.hour, HOUR), day, print(fields.month, MONTH), weekday].join(
      ' ',
    );
  if (dayOfMonth.star || dayOfWeek.star) return [cron(dayText, weekdayText)];
  return [cron(dayText, '*'), cron('*', weekdayText)];
}

// The shortest of *, */n, and a list of numbers and ranges: people read it in Temporal's UI.
function print(field: Field, bounds: Bounds): string {
  const { values } = field;
  if (values.length === bounds.max - bounds.min + 1) return '*';
  const step = stepOf(values, bounds);
  if (step !== undefined) return `*/${step}`;
  return runsOf(values)
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
    .join(',');
}

function stepOf(values: readonly number[], bounds: Bounds): number | undefined {
  const [first = 0, second = 0] = values;
  const step = second - first;
  const last = values.at(-1) ?? 0;
  const regular = first === bounds.min && values.every((value, index) => value === first + index * step);
  return step > 1 && regular && last + step > bounds.max ? step : undefined;
}

function runsOf(values: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] + 1 === value) run[1] = value;
    else runs.push([value, value]);
  }
  return runs;
}

function firstAfter(fields: CronFields, after: Date, timezone: string): Date | undefined {
  const candidates = temporalCrons(fields).flatMap((cron) => {
    const next = new Cron(skippingGaps(cron), {
      mode: '5-part',
      timezone,
      paused: true,
      domAndDow: true,
    }).nextRun(after);
    return next === null ? [] : [next.getTime()];
  });
  return candidates.length === 0 ? undefined : new Date(Math.min(...candidates));
}

// croner moves a job with one fixed time out of the hour that a change to summer time skips; robfig and
// Temporal leave it out. A range with a step is not a fixed time to croner.
function skippingGaps(cron: string): string {
  const [minute, hour, ...rest] = cron.split(' ');
  return [minute, /^\d+$/.test(hour ?? '') ? `${hour}-${hour}/1` : hour, ...rest].join(' ');
}
