import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../api/kubernetes.ts';
import { ReplicationSource, type ReplicationSourceSpec, Trigger } from '../../api/replication-source.ts';
import { ACCEPTED, REFUSED, SCHEDULES, SEED_SPEC } from './source-manifests.ts';
import { ACCEPTED_STATUSES, LAST_COPY_STATUS, REFUSED_STATUSES } from './source-statuses.ts';

const metadata = { name: 'test-rs', namespace: 'test-ns' };

describe('a ReplicationSource', () => {
  it.each(ACCEPTED)('is accepted with $title, and nothing is added', ({ spec, stored }) => {
    expect(ReplicationSource.parse({ metadata, spec }).spec).toStrictEqual(stored ?? spec);
  });

  it.each(REFUSED)('is refused with $title', ({ spec }) => {
    expect(ReplicationSource.safeParse({ metadata, spec }).success).toBe(false);
  });

  it.each(SCHEDULES.accepted)('may have the schedule "%s"', (schedule) => {
    expect(Trigger.safeParse({ schedule }).success).toBe(true);
  });

  it.each(SCHEDULES.refused)('may not have the schedule "%s"', (schedule) => {
    expect(Trigger.safeParse({ schedule }).success).toBe(false);
  });

  it.each(ACCEPTED_STATUSES)('may report $title', ({ status }) => {
    expect(ReplicationSource.parse({ metadata, status }).status).toStrictEqual(status);
  });

  it('reports the conversation around its newest copy', () => {
    expect(ReplicationSource.parse({ metadata, status: LAST_COPY_STATUS }).status).toStrictEqual(
      LAST_COPY_STATUS,
    );
  });

  it.each(REFUSED_STATUSES)('may not report $title', ({ status }) => {
    expect(ReplicationSource.safeParse({ metadata, status }).success).toBe(false);
  });

  it('needs neither spec nor status', () => {
    expect(ReplicationSource.parse({ metadata })).toStrictEqual({ metadata });
  });

  it('keeps its metadata whole', () => {
    const whole = {
      ...metadata,
      uid: 'u',
      annotations: { 'stillpoint.dev/freeze-bound': '5m' },
      managedFields: [],
    };
    expect(ReplicationSource.parse({ metadata: whole }).metadata).toStrictEqual(whole);
  });

  it('has a name', () => {
    expect(ReplicationSource.safeParse({ metadata: {}, spec: SEED_SPEC }).success).toBe(false);
  });

  it('is a Kubernetes object whose parsed value has the type of the schema', () => {
    // The compiler checks this test: what parse() gives is what the code passes on, without `| undefined`.
    const source: ReplicationSource = ReplicationSource.parse({ metadata, spec: SEED_SPEC });
    const object: KubernetesObject = source;
    const spec: ReplicationSourceSpec = { ...source.spec, paused: true };
    // @ts-expect-error an absent field is absent, never undefined
    const undefinedField: ReplicationSourceSpec = { paused: undefined };
    // @ts-expect-error a source that was read is not changed
    const changed = () => (spec.paused = false);
    expect([object, undefinedField, changed]).toHaveLength(3);
  });
});
