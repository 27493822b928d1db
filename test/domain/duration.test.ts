import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMs, goDuration } from '../../domain/duration.ts';

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['1m33.5s', 93_500],
    ['93.549925697s', 93_550],
    ['0', 0],
    ['0s', 0],
    ['250us', 0],
  ])('%s is %d ms', (text, expected) => {
    expect(durationMs(text)).toBe(expected);
  });

  it.each(['', '10', '-5s', '5 m', '1d', 'm', '10mm!', '1h 30m', 'PT5M'])('refuses %j', (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  it.each([
    [0, '0s'],
    [250, '250ms'],
    [1_000, '1s'],
    [93_500, '1m33.5s'],
    [3_600_000, '1h0m0s'],
    [5_430_001, '1h30m30.001s'],
    [-1_500, '-1.5s'],
  ])('%d ms print as Go prints them', (milliseconds, expected) => {
    expect(goDuration(milliseconds)).toBe(expected);
  });

  it('reads back whatever it printed', () => {
    fc.assert(fc.property(fc.nat(), (milliseconds) => durationMs(goDuration(milliseconds)) === milliseconds));
  });
});
