import { stringify } from 'yaml';
import type { z } from 'zod';
import { kubernetesTypes, type StructuralSchema } from './kubernetes-types.ts';
import { structuralSchema } from './structural-schema.ts';

export interface PrinterColumn {
  readonly name: string;
  readonly jsonPath: string;
  readonly format?: string;
}

/** Columns of every kind that is synchronised, as VolSync shows them. */
export const SYNC_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Last sync', jsonPath: '.status.lastSyncTime', format: 'date-time' },
  { name: 'Duration', jsonPath: '.status.lastSyncDuration' },
  { name: 'Next sync', jsonPath: '.status.nextSyncTime', format: 'date-time' },
];

/** What a CustomResourceDefinition of VolSync's group says besides its fields. */
export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly description: string;
  /** Schema of the whole object; its `spec` and `status` go into the CRD. */
  readonly shape: { readonly spec: z.ZodType; readonly status: z.ZodType };
  readonly printerColumns: readonly PrinterColumn[];
  /** Where the schema is written, for the note at the top of the file. */
  readonly writtenIn: string;
}

/** The CRD as YAML, ready for `kubectl apply`. */
export function crd(kind: Kind): string {
  const group = 'volsync.backube';
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${group}` },
    spec: {
      group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
      },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.printerColumns.map((column) => ({ ...column, type: 'string' })),
          schema: { openAPIV3Schema: objectSchema(kind) },
        },
      ],
    },
  };
  const note = `# Made by npm run generate from ${kind.writtenIn}; do not edit.\n`;
  return note + stringify(definition, { aliasDuplicateObjects: false, lineWidth: 0 });
}

function objectSchema(kind: Kind): StructuralSchema {
  const types = kubernetesTypes();
  return {
    description: kind.description,
    type: 'object',
    properties: {
      apiVersion: { type: 'string', description: 'Version of this schema: `volsync.backube/v1alpha1`.' },
      kind: { type: 'string', description: `Kind of this object: \`${kind.kind}\`.` },
      metadata: { type: 'object' },
      spec: structuralSchema(kind.shape.spec, types),
      status: structuralSchema(kind.shape.status, types),
    },
  };
}
