import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../api/kubernetes.ts';
import {
  ReplicationDestination,
  ReplicationDestinationSpec,
  ReplicationDestinationStatus,
} from '../../api/replication-destination.ts';
import { fieldRows } from '../../tools/generate/field-rows.ts';
import { replicationDestinationCrd } from '../../tools/generate/replication-destination-crd.ts';
import {
  ACCEPTED,
  ACCEPTED_STATUSES,
  LEFT_TO_THE_API_SERVER,
  REFUSED,
  REFUSED_STATUSES,
} from './destination-manifests.ts';
import { SCHEDULES } from './source-manifests.ts';

const metadata = { name: 'test-rd', namespace: 'test-ns' };

describe('a ReplicationDestination', () => {
  it.each(ACCEPTED)('is accepted with $title, and nothing is added', ({ spec, stored }) => {
    expect(ReplicationDestination.parse({ metadata, spec }).spec).toStrictEqual(stored ?? spec);
  });

  it.each(REFUSED)('is refused with $title', ({ spec }) => {
    expect(ReplicationDestination.safeParse({ metadata, spec }).success).toBe(false);
  });

  it.each(LEFT_TO_THE_API_SERVER.refused)('leaves it to the API server to refuse $title', ({ spec }) => {
    expect(ReplicationDestination.safeParse({ metadata, spec }).success).toBe(true);
  });

  it.each(SCHEDULES.accepted)('may have the schedule "%s", as a source may', (schedule) => {
    expect(ReplicationDestinationSpec.safeParse({ trigger: { schedule } }).success).toBe(true);
  });

  it.each(ACCEPTED_STATUSES)('may report $title', ({ status }) => {
    expect(ReplicationDestination.parse({ metadata, status }).status).toStrictEqual(status);
  });

  it.each(REFUSED_STATUSES)('may not report $title', ({ status }) => {
    expect(ReplicationDestination.safeParse({ metadata, status }).success).toBe(false);
  });

  it('needs neither spec nor status, but a name', () => {
    expect(ReplicationDestination.parse({ metadata })).toStrictEqual({ metadata });
    expect(ReplicationDestination.safeParse({ metadata: {} }).success).toBe(false);
  });

  it('is no ReplicationSource', () => {
    const parsed = ReplicationDestination.safeParse({ kind: 'ReplicationSource', metadata });
    expect(parsed.success).toBe(false);
  });

  it('is a Kubernetes object whose parsed value has the type of the schema', () => {
    // The compiler checks this test: what parse() gives is what the code passes on, without `| undefined`.
    const destination: ReplicationDestination = ReplicationDestination.parse({ metadata, spec: {} });
    const object: KubernetesObject = destination;
    const spec: ReplicationDestinationSpec = { ...destination.spec, paused: true };
    // @ts-expect-error an absent field is absent, never undefined
    const undefinedField: ReplicationDestinationSpec = { paused: undefined };
    // @ts-expect-error a destination that was read is not changed
    const changed = () => (spec.paused = false);
    expect([object, undefinedField, changed]).toHaveLength(3);
  });
});

describe('the reference of ReplicationDestination', () => {
  it.each([
    ['spec', ReplicationDestinationSpec],
    ['status', ReplicationDestinationStatus],
  ])('says of every field of its %s what it means', (_, schema) => {
    const rows = fieldRows(schema);
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter(({ meaning }) => !meaning.endsWith('.'))).toEqual([]);
  });

  it('never speaks of a source where it means the destination', () => {
    const rows = fieldRows(ReplicationDestinationSpec);
    expect(rows.filter(({ meaning }) => /of the source\b|this source\b/.test(meaning))).toEqual([]);
  });
});

describe('the CRD of ReplicationDestination', () => {
  const crd = replicationDestinationCrd();

  it('is small enough for kubectl apply, which keeps a second copy in an annotation', () => {
    expect(Buffer.byteLength(crd)).toBeLessThan(256 * 1024);
  });

  it('has no defaults, as VolSync has none', () => {
    expect(crd).not.toMatch(/^\s*default:/m);
  });

  it('lets the API server check that restoreAsOf is a time', () => {
    expect(crd).toMatch(/restoreAsOf:\n\s+description: [^\n]+\n\s+type: string\n\s+format: date-time\n/);
  });
});
