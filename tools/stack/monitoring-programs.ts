// The real Prometheus and its promtool, for the tests of what stands in deploy/monitoring.
import { join } from 'node:path';
import { trixiePackages } from '../images/trixie-packages.ts';
import type { Say } from './shell.ts';

export interface MonitoringPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

/** Fetched on first use. */
export async function monitoringPrograms(say: Say): Promise<MonitoringPrograms> {
  const folder = await trixiePackages({ name: 'monitoring', packages: ['prometheus', 'promtool'] }, say);
  const program = (name: string) => join(folder, 'usr/bin', name);
  return { prometheus: program('prometheus'), promtool: program('promtool') };
}
