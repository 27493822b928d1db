import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ReplicationSourceSpec, ReplicationSourceStatus } from '../../api/replication-source.ts';
import { replicationSourceCrd } from '../../tools/generate/replication-source-crd.ts';
import { fieldRows } from '../../tools/generate/field-rows.ts';
import { structuralSchema } from '../../tools/generate/structural-schema.ts';

describe('the reference of ReplicationSource', () => {
  it.each([
    ['spec', ReplicationSourceSpec],
    ['status', ReplicationSourceStatus],
  ])('says of every field of its %s what it means', (_, schema) => {
    const rows = fieldRows(schema);
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter(({ meaning }) => !meaning.endsWith('.'))).toEqual([]);
  });
});

describe('a schema made for Kubernetes', () => {
  const schemaOf = (schema: z.ZodType) => structuralSchema(schema, { Quantity: { type: 'the own one' } });

  it('says the size of a number by its format', () => {
    expect(schemaOf(z.int32())).toEqual({ type: 'integer', format: 'int32' });
    expect(schemaOf(z.int())).toEqual({ type: 'integer', format: 'int64' });
  });

  it('keeps the bounds that the author gave', () => {
    const port = z.int32().min(0).max(65535);
    expect(schemaOf(port)).toEqual({ type: 'integer', format: 'int32', minimum: 0, maximum: 65535 });
  });

  it('says that a text is a time without a pattern', () => {
    expect(schemaOf(z.iso.datetime())).toEqual({ type: 'string', format: 'date-time' });
  });

  it('never has additionalProperties beside properties', () => {
    expect(schemaOf(z.looseObject({ a: z.string() }))).not.toHaveProperty('additionalProperties');
    expect(schemaOf(z.strictObject({ a: z.string() }))).not.toHaveProperty('additionalProperties');
  });

  it('takes a type of Kubernetes from the API server, and the meaning from us', () => {
    const size = z.string().meta({ kubernetesType: 'Quantity' }).exactOptional().describe('How much.');
    expect(schemaOf(z.object({ size }))).toEqual({
      type: 'object',
      properties: { size: { type: 'the own one', description: 'How much.' } },
    });
  });

  it('names a type of Kubernetes that it does not know', () => {
    const pod = z.string().meta({ kubernetesType: 'Pod' });
    expect(() => schemaOf(pod)).toThrow(/^Pod is not in kubernetes-types.json/);
  });
});

describe('the CRD of ReplicationSource', () => {
  it('is small enough for kubectl apply, which keeps a second copy in an annotation', () => {
    expect(Buffer.byteLength(replicationSourceCrd())).toBeLessThan(256 * 1024);
  });

  it('has no defaults, as VolSync has none', () => {
    expect(replicationSourceCrd()).not.toMatch(/^\s*default:/m);
  });
});
