// The API server's own schemas of the Kubernetes types that our resources embed, cut out of its OpenAPI
// document into kubernetes-types.json: references inlined, descriptions and defaults left out, because a CRD
// that carries them four times is too large for kubectl apply, and VolSync's kinds have no defaults.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { QUANTITY_PATTERN } from '../../api/kubernetes-values.ts';

/** A schema as a CRD may hold it; keywords that no part of ours looks at are carried along. */
export interface StructuralSchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema;
  readonly required?: readonly string[];
  readonly [keyword: string]: unknown;
}

export type KubernetesTypes = Readonly<Record<string, StructuralSchema>>;

interface OpenApiSchema extends Omit<StructuralSchema, 'properties' | 'items' | 'additionalProperties'> {
  readonly $ref?: string;
  readonly allOf?: readonly OpenApiSchema[];
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly items?: OpenApiSchema;
  readonly additionalProperties?: OpenApiSchema;
}
type Definitions = Readonly<Record<string, OpenApiSchema>>;

const ORIGIN =
  'Cut from api/openapi-spec/v3/api__v1_openapi.json of k8s.io/kubernetes v1.36.3. Copyright The Kubernetes Authors. SPDX-License-Identifier: Apache-2.0';
/** Where the committed schemas stand. */
export const KUBERNETES_TYPES_FILE = join(import.meta.dirname, 'kubernetes-types.json');
const EMBEDDED = [
  'Affinity',
  'NFSVolumeSource',
  'PersistentVolumeClaimVolumeSource',
  'PodSecurityContext',
  'ResourceRequirements',
  'SecretVolumeSource',
];
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const KEPT = [
  'type',
  'format',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
];

/** The committed schemas by the name of their type, `Quantity` among them. */
export function kubernetesTypes(): KubernetesTypes {
  const { types } = JSON.parse(readFileSync(KUBERNETES_TYPES_FILE, 'utf8')) as { types: KubernetesTypes };
  return { ...types, Quantity: quantity };
}

/** Text of kubernetes-types.json, made anew from `api__v1_openapi.json` in Kubernetes' source. */
export function cutKubernetesTypes(openApiFile: string): Promise<string> {
  const document = JSON.parse(readFileSync(openApiFile, 'utf8')) as {
    components: { schemas: Definitions };
  };
  const definitions = document.components.schemas;
  const types = Object.fromEntries(
    EMBEDDED.map((name) => [name, inlined({ $ref: `io.k8s.api.core.v1.${name}` }, definitions, [])]),
  );
  return format(JSON.stringify({ origin: ORIGIN, types }), { parser: 'json', printWidth: 110 });
}

const quantity: StructuralSchema = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern: QUANTITY_PATTERN.source,
  'x-kubernetes-int-or-string': true,
};

function inlined(
  schema: OpenApiSchema,
  definitions: Definitions,
  above: readonly string[],
): StructuralSchema {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference === undefined) return copied(schema, (inner) => inlined(inner, definitions, above));
  const name = reference.split('/').at(-1) ?? reference;
  if (name === QUANTITY) return quantity;
  // A type that contains itself cannot be written out; the API server then keeps whatever stands there.
  if (above.includes(name)) return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const definition = definitions[name];
  if (definition === undefined)
    throw new Error(`${name} is not in the OpenAPI document; use the one of core/v1.`);
  return inlined(definition, definitions, [...above, name]);
}

function copied(schema: OpenApiSchema, inner: (schema: OpenApiSchema) => StructuralSchema): StructuralSchema {
  const kept = Object.fromEntries(KEPT.filter((key) => key in schema).map((key) => [key, schema[key]]));
  const { properties, items, additionalProperties } = schema;
  return {
    ...kept,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, inner(field)])),
    }),
    ...(items && { items: inner(items) }),
    ...(additionalProperties && { additionalProperties: inner(additionalProperties) }),
  };
}
