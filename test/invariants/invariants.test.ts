// The fixture that judges every scenario on the real stack (test/stack/every-scenario.ts) can fail: for each invariant
// records that break it, and those most like them that do not.
import { describe, expect, it } from 'vitest';
import { restlessIn, sentenceOf, violationsOf } from '../../tools/judge/invariants.ts';
import { DESTINATION_ROWS } from './destination-rows.ts';
import { OBJECT_ROWS } from './object-rows.ts';
import { aWholeSync, RUN } from './sync-story.ts';
import { WINDOW_ROWS } from './window-rows.ts';

describe('a sync with nothing to complain about', () => {
  it('breaks no invariant', () => {
    expect(violationsOf(aWholeSync().record)).toEqual([]);
  });
});

describe.each(Object.entries({ ...WINDOW_ROWS, ...OBJECT_ROWS, ...DESTINATION_ROWS }))(
  'invariant %s',
  (title, { broken, kept }) => {
    const invariant = Number.parseInt(title, 10);

    it.each(broken)('is broken by %s', (_, story) => {
      const violations = violationsOf(story().record);
      expect(violations.map((found) => found.invariant)).toContain(invariant);
    });

    it.each(kept)('is kept by %s', (_, story) => {
      expect(violationsOf(story().record).filter((found) => found.invariant === invariant)).toEqual([]);
    });
  },
);

describe('a violation', () => {
  const story = aWholeSync().copy();

  it('is told in a sentence that names invariant, namespace, object and version', () => {
    const { record } = story;
    const [found] = violationsOf(record);
    expect(found && sentenceOf(found, record)).toBe(
      `invariant 10, nothing left behind: in shop, VolumeSnapshot copy (version ${story.at}) remains, of ${RUN}, which was COMPLETED`,
    );
  });

  it('keeps the end of a test waiting when it may yet go', () => {
    expect(restlessIn(story.record)).toHaveLength(1);
    expect(restlessIn(aWholeSync().accepted({ id: 'w2' }).closed('FAILED').record)).toHaveLength(1);
  });

  it('of one object is none when the test has said so, and of another still is', () => {
    const exempt = { invariant: 10, object: 'VolumeSnapshot copy', because: 'a test' };
    expect(violationsOf({ ...story.record, exemptions: [exempt] })).toEqual([]);
    const elsewhere = { ...exempt, object: 'VolumeSnapshot other' };
    expect(violationsOf({ ...story.record, exemptions: [elsewhere] })).toHaveLength(1);
  });
});
