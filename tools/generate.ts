// npm run generate: writes the files that are made from schemas and catalogues.
//   --check                    writes nothing; fails when a file is out of date
//   --kubernetes <file>        first cuts kubernetes-types.json anew from Kubernetes' api__v1_openapi.json
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { failuresPage } from './generate/failures-page.ts';
import { cutKubernetesTypes, KUBERNETES_TYPES_FILE } from './generate/kubernetes-types.ts';
import { replicationDestinationCrd } from './generate/replication-destination-crd.ts';
import { replicationDestinationPage } from './generate/replication-destination-page.ts';
import { replicationSourceCrd } from './generate/replication-source-crd.ts';
import { replicationSourcePage } from './generate/replication-source-page.ts';
import { settingsPage } from './generate/settings-page.ts';

const root = join(import.meta.dirname, '..');

/** What is made, and by what. */
const FILES: Readonly<Record<string, () => string>> = {
  'deploy/crds/replicationsources.volsync.backube.yaml': replicationSourceCrd,
  'deploy/crds/replicationdestinations.volsync.backube.yaml': replicationDestinationCrd,
  'docs/reference/replication-source.md': replicationSourcePage,
  'docs/reference/replication-destination.md': replicationDestinationPage,
  'docs/reference/failures.md': failuresPage,
  'docs/reference/settings.md': settingsPage,
};

const { values: options } = parseArgs({
  options: { check: { type: 'boolean', default: false }, kubernetes: { type: 'string' } },
});
if (options.kubernetes !== undefined) {
  writeFileSync(KUBERNETES_TYPES_FILE, await cutKubernetesTypes(options.kubernetes));
}

const outdated = Object.entries(FILES)
  .map(([file, make]) => ({ file, text: make() }))
  .filter(({ file, text }) => found(file) !== text);

if (options.check) complain();
else write();

function complain(): void {
  if (outdated.length === 0) return;
  const files = outdated.map(({ file }) => file).join(', ');
  console.error(`${files}: out of date; run npm run generate and commit the result.`);
  process.exitCode = 1;
}

function write(): void {
  for (const { file, text } of outdated) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    console.log(`wrote ${file}`);
  }
}

function found(file: string): string | undefined {
  return existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined;
}
