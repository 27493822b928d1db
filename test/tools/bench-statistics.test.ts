import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentile, sharesOf, spreadOf } from '../../tools/bench/statistics.ts';

const measurements = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });

describe('a spread', () => {
  it('has the middle value as its median, and the mean of the two middle ones when there are two', () => {
    expect(spreadOf([30, 10, 20])).toMatchObject({ count: 3, median: 20 });
    expect(spreadOf([40, 10, 20, 30])).toMatchObject({ count: 4, median: 25 });
  });

  it('has nine of ten values below its p90', () => {
    const oneToAHundredAndOne = Array.from({ length: 101 }, (_, index) => index + 1);
    expect(percentile(oneToAHundredAndOne, 0.9)).toBe(91);
    expect(spreadOf([7])).toEqual({ count: 1, median: 7, p90: 7 });
  });

  it('is undefined when nothing was measured', () => {
    expect(spreadOf([])).toBeUndefined();
  });

  it('does not depend on the order of the measurements, and leaves them as they are', () => {
    fc.assert(
      fc.property(measurements, (values) => {
        const before = [...values];
        expect(spreadOf(values.toReversed())).toEqual(spreadOf(values));
        expect(values).toEqual(before);
      }),
    );
  });

  it('never leaves the range of the measurements', () => {
    fc.assert(
      fc.property(measurements, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const found = percentile(values, share);
        const slack = 1e-6;
        expect(found).toBeGreaterThanOrEqual(Math.min(...values) - slack);
        expect(found).toBeLessThanOrEqual(Math.max(...values) + slack);
      }),
    );
  });
});

describe('rounds in blocks', () => {
  it('are as many as were asked for, and no block is empty', () => {
    expect(sharesOf(20, 3)).toEqual([7, 7, 6]);
    expect(sharesOf(2, 3)).toEqual([1, 1]);
  });
});
