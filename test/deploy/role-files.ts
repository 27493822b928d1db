// The rules of the chart's ClusterRoles, as they stand in its files.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';

export interface RoleFile {
  /** Of the process, or of the process and what this part is about. */
  readonly name: string;
  readonly rules: readonly PolicyRule[];
}

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const folder = join(import.meta.dirname, '../../deploy/helm/stillpoint/rbac');

export function roleFiles(): readonly RoleFile[] {
  return readdirSync(folder)
    .toSorted()
    .map((file) => {
      const { rules } = parse(readFileSync(join(folder, file), 'utf8')) as Pick<RoleFile, 'rules'>;
      return { name: basename(file, '.yaml'), rules };
    });
}
