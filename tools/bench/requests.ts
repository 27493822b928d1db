// Requests to the API server, read from the programs' own metrics.

/** How often each kind of request was made, by `verb resource` or whatever the metric tells. */
export type RequestCounts = ReadonlyMap<string, number>;

export interface RequestMetric {
  readonly name: string;
  /** What to call the requests of one series; undefined leaves them out. */
  readonly label: (labels: Readonly<Record<string, string>>) => string | undefined;
}

/** Watches are left out: they are as many for one sync as for a thousand. */
export const OUR_REQUESTS: RequestMetric = {
  name: 'stillpoint_kubernetes_requests_total',
  label: ({ verb, resource, code = '' }) =>
    verb === 'watch' ? undefined : `${verb} ${resource}${/^[123]/.test(code) ? '' : ` → ${code}`}`,
};

/** client-go does not tell the resource; its watches are GETs that are counted once each, when they begin. */
export const CLIENT_GO_REQUESTS: RequestMetric = {
  name: 'rest_client_requests_total',
  label: ({ method }) => method,
};

/** One for each watch that a program holds. */
export const WATCHES: RequestMetric = {
  name: 'stillpoint_watch_relists_total',
  label: ({ reason, resource }) => (reason === 'start' ? resource : undefined),
};

/** Of Temporal's own metrics; polls of workers are left out: they are as many for one sync as for a thousand. */
export const TEMPORAL_CALLS: RequestMetric = {
  name: 'service_requests',
  label: ({ operation = '', service_name, namespace }) =>
    service_name === 'frontend' && namespace !== 'temporal_system' && !operation.startsWith('Poll')
      ? operation
      : undefined,
};

export function readRequests(metrics: string, { name, label }: RequestMetric): RequestCounts {
  const counts = new Map<string, number>();
  for (const line of metrics.split('\n')) {
    const [, series, labels = '', value] = /^(\w+)\{(.*)\} (\S+)/.exec(line) ?? [];
    const called = series === name ? label(readLabels(labels)) : undefined;
    if (called !== undefined) counts.set(called, (counts.get(called) ?? 0) + Number(value));
  }
  return counts;
}

export function addRequests(all: readonly RequestCounts[]): RequestCounts {
  const sum = new Map<string, number>();
  for (const counts of all) for (const [key, count] of counts) sum.set(key, (sum.get(key) ?? 0) + count);
  return sum;
}

/** What was asked between two readings, the most frequent first. */
export function requestsBetween(before: RequestCounts, after: RequestCounts): RequestCounts {
  const made = [...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const);
  return new Map(made.filter(([, count]) => count > 0).toSorted(([, one], [, other]) => other - one));
}

export function totalOf(counts: RequestCounts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function readLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
}
