// The custom resources that a stack's cluster knows: snapshots, and VolSync's kinds as deploy/crds defines them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ApiServer } from './api-server.ts';
import { cloneFolder } from './layout.ts';

const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Applies every definition in the folder of YAML files; none when the folder does not exist. */
export async function applyDefinitions(api: ApiServer, folder: string): Promise<void> {
  for (const text of definitionsIn(folder)) {
    const { metadata } = parse(text) as { metadata: { name: string } };
    await api.apply(`${definitionsPath}/${metadata.name}`, text);
  }
}

/** The folder of our own definitions. */
export const ourDefinitions = join(cloneFolder, 'deploy', 'crds');

function definitionsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => /\.ya?ml$/.test(file));
  return files.toSorted().map((file) => readFileSync(join(folder, file), 'utf8'));
}
