import { z } from 'zod';
import type { KubernetesTypes, StructuralSchema } from './kubernetes-types.ts';

/** JSON Schema of what may be handed in, before anything is made fit for Kubernetes. */
export function inputSchema(schema: z.ZodType): StructuralSchema {
  // The cast: zod promises JSON Schema, of which StructuralSchema is the part that we read.
  return z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'any',
  }) as StructuralSchema;
}

/** The zod schema as the API server demands schemas in a CRD, with Kubernetes' own types put in. */
export function structuralSchema(schema: z.ZodType, types: KubernetesTypes): StructuralSchema {
  return fit(inputSchema(schema), types);
}

function fit(schema: StructuralSchema, types: KubernetesTypes): StructuralSchema {
  const { kubernetesType, description } = schema;
  if (typeof kubernetesType !== 'string') return fitFields(withFormat(schema), types);
  const own = types[kubernetesType];
  if (own === undefined) {
    throw new Error(`${kubernetesType} is not in kubernetes-types.json; add it to EMBEDDED and regenerate.`);
  }
  return { ...(description !== undefined && { description }), ...own };
}

function fitFields(schema: StructuralSchema, types: KubernetesTypes): StructuralSchema {
  const { properties, items, additionalProperties, ...rest } = schema;
  const fields =
    properties &&
    Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, fit(field, types)]));
  return {
    ...rest,
    ...(fields && { properties: fields }),
    ...(items && { items: fit(items, types) }),
    // The API server refuses additionalProperties beside properties, and prunes unknown fields anyway.
    ...(additionalProperties && !fields && { additionalProperties: fit(additionalProperties, types) }),
  };
}

/** zod says the size of a number by its bounds and a time by a long pattern; Kubernetes says both by format. */
function withFormat(schema: StructuralSchema): StructuralSchema {
  if (schema.format === 'date-time') {
    const { pattern: _, ...rest } = schema;
    return rest;
  }
  if (schema.type !== 'integer') return schema;
  const { minimum, maximum, ...rest } = schema;
  const small = typeof maximum === 'number' && maximum <= 2 ** 31 - 1;
  return {
    ...rest,
    format: small ? 'int32' : 'int64',
    ...(isBound(minimum) && { minimum }),
    ...(isBound(maximum) && { maximum }),
  };
}

function isBound(limit: unknown): boolean {
  const sizes = [-(2 ** 31), 2 ** 31 - 1, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  return typeof limit === 'number' && !sizes.includes(limit);
}
