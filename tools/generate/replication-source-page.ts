import type { z } from 'zod';
import { MoverOptions } from '../../api/mover-options.ts';
import {
  ExternalOptions,
  RcloneOptions,
  ReplicationSourceSpec,
  ReplicationSourceStatus,
  ResticOptions,
  RsyncOptions,
  RsyncTlsOptions,
  SyncthingOptions,
} from '../../api/replication-source.ts';
import { VolumeOptions } from '../../api/volume-options.ts';
import { fieldRows, type FieldRow } from './field-rows.ts';
import { anchor, page, table } from './markdown.ts';

/** Fields that several movers have, told once. */
const SHARED = [
  { title: 'Volume options', schema: VolumeOptions },
  { title: 'Mover options', schema: MoverOptions },
];

const MOVERS = {
  restic: ResticOptions,
  rclone: RcloneOptions,
  rsyncTLS: RsyncTlsOptions,
  rsync: RsyncOptions,
  syncthing: SyncthingOptions,
  external: ExternalOptions,
} as const;

/** The reference page of ReplicationSource: every field, once. */
export function replicationSourcePage(): string {
  const movers = Object.entries(MOVERS).flatMap(([name, schema]) => mover(name, schema));
  return page('api/replication-source.ts', [
    '# ReplicationSource',
    'Kind `ReplicationSource` of `volsync.backube/v1alpha1`. The schema has no defaults: what “absent” means for each field is decided when a sync begins, and a sync that cannot work is refused then, before the application is asked. A quantity is an amount such as `10Gi`, or a whole number of bytes. Times are RFC 3339 in UTC.',
    '## spec',
    fieldTable(specRows()),
    ...SHARED.flatMap(({ title, schema }) => [`## ${title}`, fieldTable(fieldRows(schema))]),
    ...movers,
    '## status',
    fieldTable(fieldRows(ReplicationSourceStatus)),
  ]);
}

/** The spec without the insides of the movers, which have sections of their own. */
function specRows(): FieldRow[] {
  const inMover = (field: string) => Object.keys(MOVERS).some((name) => field.startsWith(`${name}.`));
  return fieldRows(ReplicationSourceSpec)
    .filter(({ field }) => !inMover(field))
    .map((row) => (row.field in MOVERS ? { ...row, type: `[object](${anchor(heading(row.field))})` } : row));
}

function mover(name: string, schema: z.ZodObject): string[] {
  const shared = SHARED.map(({ title, schema: { shape } }) => {
    const has = Object.keys(shape).filter((field) => field in schema.shape);
    const all = has.length === Object.keys(shape).length;
    return {
      has,
      said: `[${title.toLowerCase()}](${anchor(title)})${all ? '' : ` ${has.map(quoted).join(', ')}`}`,
    };
  }).filter(({ has }) => has.length > 0);
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
