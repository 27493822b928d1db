import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { SOURCE_ANNOTATIONS } from '../../domain/plan.ts';
import { SCHEDULE_ANNOTATIONS } from '../../domain/schedule.ts';

const manifests = readFileSync(join(import.meta.dirname, '../../deploy/kustomize/stillpoint.yaml'), 'utf8');

// Only a process knows which zones there are: the sync and the schedule tell.
const { timeZone: _, ...ofSchedules } = SCHEDULE_ANNOTATIONS;
const { triggerValidUntil, quiescedAt, quiesceTaskQueue } = ANNOTATIONS;

describe('the admission policies', () => {
  it.each([
    ...Object.values(SOURCE_ANNOTATIONS),
    ...Object.values(ofSchedules),
    triggerValidUntil,
    quiescedAt,
    quiesceTaskQueue,
  ])('judge the annotation %s, which people write', (key) => {
    expect(manifests).toContain(`annotation ${key} must `);
  });
});
