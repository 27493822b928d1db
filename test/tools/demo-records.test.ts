import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restoredRecords } from '../../tools/demo/proof.ts';
import { checkRecords, parseLastNumber } from '../../tools/demo/records.ts';

const TIME = '2026-11-22T14:05:03Z';

describe('the proof by restore', () => {
  it('accepts every record up to the quiesce and none after it', () => {
    const original = records(1, 9);
    expect(checkRecords({ restored: records(1, 5), quiescedAfter: 5, original })).toEqual({
      proved: true,
      lastRecord: `5 ${TIME}`,
    });
  });

  it.each([
    [
      'a record is missing at the end',
      records(1, 4),
      'it ends with record 4, and the application had written 5',
    ],
    ['one was written after the quiesce', records(1, 6), 'it holds record 6, written after the quiesce at 5'],
    ['one is missing in the middle', records(1, 2) + records(4, 5), `line 3 is "4 ${TIME}", not record 3`],
    ['one is there twice', records(1, 3) + records(3, 5), `line 4 is "3 ${TIME}", not record 4`],
    ['the last one is torn', records(1, 5).trimEnd(), `its last record, "5 ${TIME}", is torn`],
    ['the last one is torn within its number', `${records(1, 4)}5`, 'line 5 is "5", not record 5'],
    ['nothing was restored', '', 'it ends with record 0, and the application had written 5'],
  ])('refuses a copy where %s', (_, restored, because) => {
    const original = records(1, 9);
    expect(checkRecords({ restored, quiescedAfter: 5, original })).toEqual({ proved: false, because });
  });

  it('refuses a record that is not what the application has written', () => {
    const original = records(1, 9).replace(`4 ${TIME}`, '4 earlier');
    expect(checkRecords({ restored: records(1, 5), quiescedAfter: 5, original })).toEqual({
      proved: false,
      because: `record 4 is "4 ${TIME}", written was "4 earlier"`,
    });
  });

  it('accepts one number only, whatever was restored', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), (restored, quiescedAfter) => {
        const claim = { restored: records(1, restored), quiescedAfter, original: records(1, 30) };
        expect(checkRecords(claim).proved).toBe(restored === quiescedAfter);
      }),
    );
  });

  it('reads the records behind what restic says, and tells when restic failed', () => {
    const log = `repository 1a2b opened\nSummary: Restored 2 files\n--- records ---\n${records(1, 2)}`;
    expect(restoredRecords(log)).toBe(records(1, 2));
    expect(restoredRecords('Fatal: no matching ID found')).toBeUndefined();
  });

  it('takes nothing but a number for the answer to quiesce', () => {
    expect(parseLastNumber('85\n')).toBe(85);
    for (const answer of ['', 'records.sh: not found', '85 86', '-1'])
      expect(parseLastNumber(answer)).toBeUndefined();
  });
});

function records(first: number, last: number): string {
  const numbers = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  return numbers.map((number) => `${number} ${TIME}\n`).join('');
}
