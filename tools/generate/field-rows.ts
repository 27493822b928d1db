import type { z } from 'zod';
import type { StructuralSchema } from './kubernetes-types.ts';
import { inputSchema } from './structural-schema.ts';

/** One field of a schema, as a row of a reference table. */
export interface FieldRow {
  /** Dotted from the schema's root, `[]` where a list is entered: `moverVolumes[].mountPath`. */
  readonly field: string;
  readonly type: string;
  readonly meaning: string;
}

/** All fields of a schema, the parts of an object after the object itself. */
export function fieldRows(schema: z.ZodType): FieldRow[] {
  return rowsBelow('', inputSchema(schema));
}

function rowsBelow(prefix: string, schema: StructuralSchema): FieldRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix + name;
    const required = schema.required?.includes(name) ? ', required' : '';
    const row = { field: path, type: typeName(field) + required, meaning: field.description ?? '' };
    const inner = field.items ? rowsBelow(`${path}[].`, field.items) : rowsBelow(`${path}.`, field);
    return [row, ...inner];
  });
}

function typeName(schema: StructuralSchema): string {
  if (typeof schema.kubernetesType === 'string') return embeddedName(schema.kubernetesType);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.items) return `list of ${plural(typeName(schema.items))}`;
  if (schema.additionalProperties && !schema.properties) return 'map of strings';
  if (schema.format === 'date-time') return 'time';
  return (schema.type ?? 'any') + range(schema);
}

function embeddedName(name: string): string {
  return name === 'Quantity' ? 'quantity' : `Kubernetes’ ${name}`;
}

function plural(name: string): string {
  return name === 'string' || name === 'object' ? `${name}s` : name;
}

function range({ minimum, maximum }: StructuralSchema): string {
  const said = typeof maximum === 'number' && maximum < 2 ** 31 - 1;
  return said ? `, ${String(minimum)} to ${maximum}` : '';
}
