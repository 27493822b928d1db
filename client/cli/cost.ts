// What a command has cost, as one line of JSON on standard error: for tools/bench/cli.ts.
import { kubernetesRequests } from '../../telemetry/metrics.ts';

export interface Cost {
  /** Of the whole process, from its first instruction. */
  readonly cpuMilliseconds: number;
  /** Requests to the API server by `verb resource`. */
  readonly requests: Readonly<Record<string, number>>;
}

export async function printCost(): Promise<void> {
  const { values } = await kubernetesRequests.get();
  const requests: Record<string, number> = {};
  for (const { labels, value } of values) {
    const key = `${labels.verb} ${labels.resource}`;
    requests[key] = (requests[key] ?? 0) + value;
  }
  const { user, system } = process.cpuUsage();
  const cost: Cost = { cpuMilliseconds: (user + system) / 1_000, requests };
  process.stderr.write(`${JSON.stringify(cost)}\n`);
}
