import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Application } from '../world.ts';

/** Has the API server evict a pod, as a drained node does: it refuses where a disruption budget forbids it. */
export async function evict(place: Application, name: string): Promise<void> {
  const { namespace } = place;
  const folder = mkdtempSync(join(tmpdir(), 'eviction-'));
  const file = join(folder, 'eviction.json');
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name } };
  writeFileSync(file, JSON.stringify(eviction));
  await place.kubectl('create', '--raw', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, '-f', file);
  rmSync(folder, { recursive: true });
}
