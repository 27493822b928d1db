// A VolSync user changes nothing: each field of VolSync's specs is accepted, and leads to what VolSync makes of it.
import { describe, expect, it } from 'vitest';
import * as destinations from '../../api/destination-options.ts';
import { ReplicationDestinationSpec } from '../../api/replication-destination.ts';
import { ReplicationSourceSpec } from '../../api/replication-source.ts';
import { RcloneOptions } from '../../api/rclone-options.ts';
import { ResticOptions, ResticRetain } from '../../api/restic-options.ts';
import { RsyncOptions, RsyncTlsOptions } from '../../api/rsync-options.ts';
import { CustomCa } from '../../api/mover-options.ts';
import type { MoverName, OwnerKind } from '../../api/sync.ts';
import { SECTIONS } from '../../domain/plan.ts';
import { ledToBy } from './drop-in.ts';
import type { Spec } from './drop-in.ts';
import { fieldsOf, LEAST, WITHOUT_EFFECT } from './drop-in-fields.ts';
import type { Field } from './drop-in-fields.ts';

const SCHEMAS = {
  restic: { source: ResticOptions, destination: destinations.ResticDestinationOptions },
  rclone: { source: RcloneOptions, destination: destinations.RcloneDestinationOptions },
  'rsync-tls': { source: RsyncTlsOptions, destination: destinations.RsyncTlsDestinationOptions },
  rsync: { source: RsyncOptions, destination: destinations.RsyncDestinationOptions },
};
const NESTED: Readonly<Record<string, object>> = { retain: ResticRetain.shape, customCA: CustomCa.shape };
const KINDS = { source: 'ReplicationSource', destination: 'ReplicationDestination' } as const;
const SPECS = { source: ReplicationSourceSpec, destination: ReplicationDestinationSpec };

type Side = keyof typeof KINDS;

const MOVERS: readonly MoverName[] = ['restic', 'rclone', 'rsync-tls', 'rsync'];
const EACH = MOVERS.flatMap((mover) => (['source', 'destination'] as const).map((side) => ({ mover, side })));

describe.each(EACH)('the section of $mover in the spec of a $side', ({ mover, side }) => {
  const fields = fieldsOf(mover, side);

  it.each(fields)(
    'does with $field: $value what VolSync does with it',
    ({ field, value, besides, leadsTo }) => {
      const without = { ...LEAST[mover][side], ...besides };
      const section = withField(without, field, value);
      const led = (options: Spec) => ledToBy(KINDS[side], specOf(side, mover, options));
      expect(SPECS[side].parse(specOf(side, mover, section))).toEqual(specOf(side, mover, section));
      expect(led(section)).toMatchObject(leadsTo);
      expect(led(without), 'without it the same happens').not.toMatchObject(leadsTo);
    },
  );

  it('has no field without an effect, but those that have none with VolSync', () => {
    const shown = new Set(fields.map(({ field }) => field));
    const idle = leavesOf(SCHEMAS[mover][side].shape).filter((field) => !shown.has(field));
    const known = WITHOUT_EFFECT.filter((line) => line.startsWith(`${mover} ${side} `));
    expect(idle.map((field) => `${mover} ${side} ${field}`).toSorted()).toEqual(known.toSorted());
  });
});

describe.each(['source', 'destination'] as const)('the spec of a %s', (side) => {
  const kind: OwnerKind = KINDS[side];
  const least = specOf(side, 'restic', LEAST.restic[side]);
  const { trigger: _, ...untriggered } = least;

  it.each<Field>([
    { field: 'schedule', value: '0 3 * * *', leadsTo: { starts: { cron: ['0 3 * * *'], request: 'first' } } },
    { field: 'manual', value: 'now', leadsTo: { starts: { cron: [], request: 'manual now' } } },
  ])('starts syncs by trigger.$field', ({ field, value, leadsTo }) => {
    const spec = { ...untriggered, trigger: { [field]: value } };
    expect(SPECS[side].parse(spec)).toEqual(spec);
    expect(ledToBy(kind, spec)).toMatchObject(leadsTo);
    expect(ledToBy(kind, { ...untriggered, trigger: {} })).toMatchObject({
      starts: { cron: [], request: 'after creation' },
    });
  });

  it('starts none while paused', () => {
    expect(ledToBy(kind, { ...least, paused: true })).toMatchObject({ starts: { paused: true } });
    expect(ledToBy(kind, least)).toMatchObject({ starts: { paused: false } });
  });

  it('that is of somebody else’s controller leads to nothing', () => {
    const spec = { external: { provider: 'example.com/mover', parameters: {} } };
    expect(ledToBy(kind, spec).starts).toMatchObject({ cron: undefined, paused: undefined });
  });
});

describe('the spec of a source', () => {
  it('names with sourcePVC what is copied', () => {
    const spec = specOf('source', 'restic', { ...LEAST.restic.source, copyMethod: 'Clone' });
    const cloned = { copied: 'other', copy: { pvc: { spec: { dataSource: { name: 'other' } } } } };
    expect(ledToBy('ReplicationSource', { ...spec, sourcePVC: 'other' })).toMatchObject(cloned);
    expect(ledToBy('ReplicationSource', { ...spec, sourcePVC: undefined })).toHaveProperty('refusal');
  });
});

function specOf(side: Side, mover: MoverName, section: Spec): Spec {
  const whole = { trigger: { manual: 'now' }, [SECTIONS[mover]]: section };
  return side === 'source' ? { sourcePVC: 'data-pvc', ...whole } : whole;
}

function withField(section: Spec, path: string, value: unknown): Spec {
  const [field = '', inner] = path.split('.');
  if (inner === undefined) return { ...section, [field]: value };
  return { ...section, [field]: { ...(section[field] as object | undefined), [inner]: value } };
}

function leavesOf(shape: object): readonly string[] {
  return Object.keys(shape).flatMap((field) => {
    const inner = NESTED[field];
    return inner === undefined ? [field] : Object.keys(inner).map((name) => `${field}.${name}`);
  });
}
