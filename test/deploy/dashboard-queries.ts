// What deploy/monitoring asks of Prometheus, and of which metrics.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const monitoringFolder = join(import.meta.dirname, '../../deploy/monitoring');

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Query {
  /** Title of the panel, or name of the alert. */
  readonly of: string;
  readonly expr: string;
}

export function alerts(): readonly Alert[] {
  const text = readFileSync(join(monitoringFolder, 'rules.yaml'), 'utf8');
  const { groups } = parse(text) as { readonly groups: readonly { readonly rules: readonly Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** As Grafana would send them, with its variables filled in. */
export function dashboardQueries(): readonly Query[] {
  const text = readFileSync(join(monitoringFolder, 'dashboard.json'), 'utf8');
  const { panels } = JSON.parse(text) as { readonly panels: readonly Panel[] };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ of: title, expr: filledIn(expr) })),
  );
}

function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '1m').replaceAll('$namespace', '.*');
}

/** Names of the metrics in an expression, as they are exported: without what a histogram or summary adds. */
export function metricsIn(expr: string): readonly string[] {
  const names = expr.match(/\b(?:stillpoint|volsync|temporal|process)_[a-z_]+/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')))];
}
