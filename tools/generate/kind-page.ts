// The reference page of a kind of VolSync's group: every field, once.
import type { z } from 'zod';
import { fieldRows, type FieldRow } from './field-rows.ts';
import { anchor, page, table } from './markdown.ts';

export interface KindPage {
  readonly kind: string;
  /** What its reader has to know before the fields. */
  readonly introduction: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** Fields that several movers have, told once. */
  readonly shared: readonly { readonly title: string; readonly schema: z.ZodObject }[];
  /** Sections of the spec, in the order of the page. */
  readonly movers: Readonly<Record<string, z.ZodObject>>;
  /** Where the schema is written, for the note at the top of the page. */
  readonly writtenIn: string;
}

export function kindPage(kind: KindPage): string {
  return page(kind.writtenIn, [
    `# ${kind.kind}`,
    `Kind \`${kind.kind}\` of \`volsync.backube/v1alpha1\`. ${kind.introduction} A quantity is an amount such as \`10Gi\`, or a whole number of bytes. Times are RFC 3339 in UTC.`,
    '## spec',
    fieldTable(specRows(kind)),
    ...kind.shared.flatMap(({ title, schema }) => [`## ${title}`, fieldTable(fieldRows(schema))]),
    ...Object.entries(kind.movers).flatMap(([name, schema]) => mover(kind, name, schema)),
    '## status',
    fieldTable(fieldRows(kind.status)),
  ]);
}

/** The spec without the insides of the movers, which have sections of their own. */
function specRows({ spec, movers }: KindPage): FieldRow[] {
  const inMover = (field: string) => Object.keys(movers).some((name) => field.startsWith(`${name}.`));
  return fieldRows(spec)
    .filter(({ field }) => !inMover(field))
    .map((row) => (row.field in movers ? { ...row, type: `[object](${anchor(heading(row.field))})` } : row));
}

function mover(kind: KindPage, name: string, schema: z.ZodObject): string[] {
  const shared = kind.shared
    .map(({ title, schema: { shape } }) => {
      const has = Object.keys(shape).filter((field) => field in schema.shape);
      const all = has.length === Object.keys(shape).length;
      return {
        has,
        said: `[${title.toLowerCase()}](${anchor(title)})${all ? '' : ` ${has.map(quoted).join(', ')}`}`,
      };
    })
    .filter(({ has }) => has.length > 0);
  const told = new Set(shared.flatMap(({ has }) => has));
  const rows = fieldRows(schema).filter(({ field }) => !told.has(field.split(/[.[]/)[0] ?? field));
  const text =
    shared.length > 0 ? [`Besides these, the ${shared.map(({ said }) => said).join(' and the ')}.`] : [];
  return [`## ${heading(name)}`, fieldTable(rows), ...text];
}

function fieldTable(rows: readonly FieldRow[]): string {
  return table(
    ['field', 'type', 'meaning'],
    rows.map(({ field, type, meaning }) => [quoted(field), type, meaning]),
  );
}

function heading(mover: string): string {
  return `spec.${mover}`;
}

function quoted(name: string): string {
  return `\`${name}\``;
}
