import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextTime, parseSchedule } from '../../domain/cron.ts';

const newYear = new Date('2026-01-01T00:00:00Z'); // A Thursday.

describe('a schedule, as VolSync reads it', () => {
  it.each([
    ['*/30 * * * *', ['*/30 * * * *']],
    ['0 9,17 * * *', ['0 9,17 * * *']],
    ['0 0 * * 1-5', ['0 0 * * 1-5']],
    ['5/15 * * * *', ['5,20,35,50 * * * *']],
    ['0-30/5 * * * *', ['0,5,10,15,20,25,30 * * * *']],
    ['0 0-6/2 * * *', ['0 0,2,4,6 * * *']],
    ['1-5,7 * * * *', ['1-5,7 * * * *']],
    ['0 0 * JAN MON-fri', ['0 0 * 1 1-5']],
    ['0 0 ? * ?', ['0 0 * * *']],
    ['  0  3 * *  * ', ['0 3 * * *']],
    ['0 0 */1 * 1', ['0 0 * * 1']],
    ['@hourly', ['0 * * * *']],
    ['@daily', ['0 0 * * *']],
    ['@weekly', ['0 0 * * 0']],
    ['@monthly', ['0 0 1 * *']],
    ['@yearly', ['0 0 1 1 *']],
    ['@annually', ['0 0 1 1 *']],
  ])('%s becomes %j for Temporal', (text, temporal) => {
    expect(parseSchedule(text)).toEqual({ kind: 'cron', temporal });
  });

  it.each([
    ['0 12 13 * 5', ['0 12 13 * *', '0 12 * * 5']],
    ['0 12 */10 * 5', ['0 12 */10 * *', '0 12 * * 5']],
    ['0 12 1-31 * 5', ['0 12 * * *', '0 12 * * 5']],
  ])('%s fires when the day of month or the day of week matches', (text, temporal) => {
    expect(parseSchedule(text)).toEqual({ kind: 'cron', temporal });
  });

  it.each([
    ['CRON_TZ=Europe/Berlin 0 0 * * *', 'Europe/Berlin'],
    ['TZ=UTC @daily', 'UTC'],
  ])('%s brings its own time zone', (text, timeZone) => {
    expect(parseSchedule(text)).toEqual({ kind: 'cron', temporal: ['0 0 * * *'], timeZone });
  });

  it.each([
    ['0 0 31 2 *', 'no day of the calendar matches it'],
    ['0 0 * * 7', '"7" is not a day of week between 0 and 6'],
    ['61 99 * * *', '"61" is not a minute between 0 and 59'],
    ['30-10 * * * *', '"30-10" is not a minute'],
    ['*/0 * * * *', '"*/0" is not a minute'],
    ['0 0 L * *', '"L" is not a day of month'],
    ['0 0 * * 5#2', '"5#2" is not a day of week'],
    ['0 0 * * MONDAY', '"MONDAY" is not a day of week'],
    [', * * * *', '"," is not a minute'],
    ['12345', 'it has 1 fields instead of minute, hour, day of month, month, day of week'],
    ['0 0 0 1 1 * 2027', 'it has 7 fields'],
    ['@hourlyfoo', '@hourlyfoo is not one of @yearly'],
    ['@every 1h', '@every 1h is not one of'],
    ['TZ=Mars/Olympus 0 0 * * *', 'there is no time zone Mars/Olympus'],
    ['', 'it has 0 fields'],
  ])('%j is refused: %s', (text, reason) => {
    const parsed = parseSchedule(text);
    expect(parsed.kind === 'refused' && parsed.message).toContain(reason);
    expect(nextTime(text, newYear)).toBeUndefined();
  });
});

describe('the next time', () => {
  it.each([
    ['*/30 * * * *', '2026-01-01T00:30:00Z'],
    ['0 0 29 2 *', '2028-02-29T00:00:00Z'],
    ['0 12 13 * 5', '2026-01-02T12:00:00Z'],
    ['0 12 13 * *', '2026-01-13T12:00:00Z'],
    ['0 0 31 2 1', '2026-02-02T00:00:00Z'],
    ['CRON_TZ=Europe/Berlin 0 9 * * *', '2026-01-01T08:00:00Z'],
  ])('of %s is %s', (text, expected) => {
    expect(nextTime(text, newYear)).toEqual(new Date(expected));
  });

  it('is later than the time asked for, never the same', () => {
    expect(nextTime('0 0 1 1 *', newYear)).toEqual(new Date('2027-01-01T00:00:00Z'));
  });

  it('follows the given time zone, unless the schedule brings one', () => {
    expect(nextTime('0 9 * * *', newYear, 'America/New_York')).toEqual(new Date('2026-01-01T14:00:00Z'));
    expect(nextTime('TZ=UTC 0 9 * * *', newYear, 'America/New_York')).toEqual(
      new Date('2026-01-01T09:00:00Z'),
    );
    expect(nextTime('0 9 * * *', newYear, 'Mars/Olympus')).toBeUndefined();
  });

  it('leaves out a time that the change to summer time skips, and keeps both that the change back repeats', () => {
    const berlin = (after: string) => nextTime('30 2 * * *', new Date(after), 'Europe/Berlin')?.toISOString();
    expect(berlin('2026-03-28T12:00:00Z')).toBe('2026-03-30T00:30:00.000Z');
    expect(berlin('2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(berlin('2026-10-25T00:30:00Z')).toBe('2026-10-25T01:30:00.000Z');
  });

  it('agrees with croner on every schedule that both dialects read alike', () => {
    fc.assert(
      fc.property(
        schedules,
        fc.date({ min: newYear, max: new Date('2030-01-01'), noInvalidDate: true }),
        (text, after) => {
          const theirs = new Cron(text, {
            mode: '5-part',
            timezone: 'UTC',
            sloppyRanges: true,
            paused: true,
          }).nextRun(after);
          expect(nextTime(text, after)).toEqual(theirs ?? undefined);
        },
      ),
      { numRuns: 500 },
    );
  });
});

function field(min: number, max: number): fc.Arbitrary<string> {
  const number = fc.integer({ min, max });
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: Math.floor(max / 2) });
  const item = fc.oneof(
    number.map(String),
    range,
    fc.tuple(range, step).map(([between, by]) => `${between}/${by}`),
    fc.tuple(number, step).map(([from, by]) => `${from}/${by}`),
  );
  return fc.oneof(
    fc.constant('*'),
    fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(',')),
  );
}

// Days without */n: to croner that does not restrict, to robfig it does.
const schedules = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6))
  .map((all) => all.join(' '));
