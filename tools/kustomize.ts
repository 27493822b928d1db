// Makes deploy/kustomize/stillpoint.yaml from the chart, so that both install the same.
//   node tools/kustomize.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { helm } from './stack/binaries.ts';
import { run } from './stack/shell.ts';

const root = join(import.meta.dirname, '..');
export const manifestsFile = join(root, 'deploy/kustomize/stillpoint.yaml');

/** The chart, rendered for people without Helm. */
export async function kustomizeManifests(): Promise<string> {
  const values = join(root, 'deploy/kustomize/values.yaml');
  const chart = join(root, 'deploy/helm/stillpoint');
  const flags = ['--namespace=stillpoint', `--values=${values}`, '--skip-tests'];
  const rendered = await run(await helm(console.error), ['template', 'stillpoint', chart, ...flags]);
  // Helm is not what manages these.
  const ours = rendered.replaceAll(
    /^ +(?:app\.kubernetes\.io\/managed-by: Helm|helm\.sh\/chart: .*)\n/gm,
    '',
  );
  return `# Made by node tools/kustomize.ts from deploy/helm/stillpoint; do not edit.\n${ours.trimStart()}`;
}

if (import.meta.main) writeFileSync(manifestsFile, await kustomizeManifests());
