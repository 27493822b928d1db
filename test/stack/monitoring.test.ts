// Alerts and dashboard on the real Prometheus, which scrapes what our processes really export.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { startOwn, stopOwn } from '../../tools/own-processes.ts';
import { monitoringPrograms } from '../../tools/stack/monitoring-programs.ts';
import type { MonitoringPrograms } from '../../tools/stack/monitoring-programs.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { run } from '../../tools/stack/shell.ts';
import { alerts, dashboardQueries, metricsIn, monitoringFolder } from '../deploy/dashboard-queries.ts';
import { OwnTemporal } from './own-temporal.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'stillpoint-monitoring-'));
let world: World;
let programs: MonitoringPrograms;
let prometheus: RunningPrometheus;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  world = await openWorld();
  programs = await monitoringPrograms(console.error);
  const [sdkPort = 0, port = 0] = await freePorts(2);
  // A worker of its own, in a Temporal namespace where nothing happens, shows the SDK's metrics; the one of all tests
  // shows syncs.
  const own = new OwnTemporal(world);
  await own.create();
  ends.push(await own.startWorker({ STILLPOINT_SDK_METRICS_ADDRESS: `127.0.0.1:${sdkPort}` }));
  const guard = await startOwn({
    program: 'guard',
    folder,
    env: { KUBECONFIG: inject('stack').accounts.guard },
  });
  ends.push(() => stopOwn('guard', folder));
  const targets = [inject('stack').workerMetrics, controllerMetrics(), `${guard.metricsUrl}/metrics`];
  await oneSync();
  const scraped = [...targets.map((url) => new URL(url).host), `127.0.0.1:${sdkPort}`];
  prometheus = await startPrometheus(programs.prometheus, port, scraped);
}, 300_000);

afterAll(async () => {
  for (const end of ends) await end();
  await world.close();
  rmSync(folder, { recursive: true });
});

describe('the alerts', () => {
  it('pass promtool, each fires when it should, and none fires when nothing is wrong', async () => {
    const rules = join(monitoringFolder, 'rules.yaml');
    expect(await run(programs.promtool, ['check', 'rules', rules])).toContain(
      `${alerts().length} rules found`,
    );
    const tests = ['rules.test.yaml', 'days.rules.test.yaml'].map((file) => join(monitoringFolder, file));
    await run(programs.promtool, ['test', 'rules', ...tests]);
  });

  it('are evaluated by Prometheus without an error', async () => {
    await expect
      .poll(async () => (await prometheus.rules()).map(({ health }) => health), {
        timeout: 60_000,
        interval: 500,
      })
      .toEqual(alerts().map(() => 'ok'));
    expect((await prometheus.rules()).filter(({ lastError }) => lastError)).toEqual([]);
  });

  it.each(alerts().map(({ alert, expr }) => [alert, expr] as const))(
    '%s asks for metrics that our processes export',
    async (_alert, expr) => {
      const exported = await prometheus.exported();
      expect(metricsIn(expr).filter((name) => !exported.has(name))).toEqual([]);
    },
  );
});

describe('the dashboard', () => {
  it.each(dashboardQueries().map(({ of, expr }) => [of, expr] as const))(
    'has an answer for %s: %s',
    async (_of, expr) => {
      await prometheus.query(expr);
      const exported = await prometheus.exported();
      expect(metricsIn(expr).length).toBeGreaterThan(0);
      expect(metricsIn(expr).filter((name) => !exported.has(name))).toEqual([]);
    },
  );

  it('shows the sync that has just ended, and the processes that run', async () => {
    expect(
      Number(await prometheus.value('sum(stillpoint_syncs_total{result="Successful"})')),
    ).toBeGreaterThan(0);
    expect(Number(await prometheus.value('sum(stillpoint_freeze_seconds_count)'))).toBeGreaterThan(0);
    expect(Number(await prometheus.value('max(stillpoint_last_sync_timestamp_seconds)'))).toBeGreaterThan(
      1e9,
    );
    expect(Number(await prometheus.value('sum(temporal_worker_task_slots_available)'))).toBeGreaterThan(0);
    for (const process of ['worker', 'controller', 'guard'])
      expect(await prometheus.value(`count(stillpoint_process{process="${process}"})`)).toBe('1');
  });
});

async function oneSync(): Promise<void> {
  const application = new Application(world);
  await application.install({ [A.useCopyTrigger]: '' });
  await application.replicate({ copyMethod: 'Snapshot' });
  await application.copyStatus('WaitingForTrigger');
  await application.setTrigger('trigger-1');
  await application.report(await application.latestRun());
  ends.push(() => application.remove());
}

/** Where the controller that runs now said that it serves them. */
function controllerMetrics(): string {
  const log = readFileSync(join(inject('stack').folder, 'controller.log'), 'utf8');
  const started = log.split('\n').findLast((line) => line.includes('"controller started"')) ?? '{}';
  return `http://127.0.0.1:${(JSON.parse(started) as { port?: number }).port}/metrics`;
}

interface RunningRule {
  readonly health: string;
  readonly lastError?: string;
}

interface RunningPrometheus {
  rules(): Promise<readonly RunningRule[]>;
  /** Names of all metrics that its targets declare. */
  exported(): Promise<ReadonlySet<string>>;
  query(expr: string): Promise<readonly { readonly value: readonly [number, string] }[]>;
  value(expr: string): Promise<string | undefined>;
  stop(): Promise<void>;
}

async function startPrometheus(
  program: string,
  port: number,
  targets: readonly string[],
): Promise<RunningPrometheus> {
  const configuration = join(folder, 'prometheus.yaml');
  const every = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  writeFileSync(
    configuration,
    stringify({
      global: every,
      rule_files: [join(monitoringFolder, 'rules.yaml')],
      scrape_configs: [{ job_name: 'stillpoint', static_configs: [{ targets }] }],
    }),
  );
  const listen = `127.0.0.1:${port}`;
  const child: ChildProcess = spawn(
    program,
    [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${listen}`,
    ],
    { stdio: 'ignore' },
  );
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://${listen}/api/v1/${path}`);
    const { status, data, error } = (await answer.json()) as {
      status: string;
      data: unknown;
      error?: string;
    };
    if (status !== 'success') throw new Error(`Prometheus on ${path}: ${error}`);
    return data;
  };
  const query = async (expr: string) => {
    const { result } = (await ask(`query?query=${encodeURIComponent(expr)}`)) as { result: [] };
    return result as readonly { readonly value: readonly [number, string] }[];
  };
  const running: RunningPrometheus = {
    async rules() {
      const { groups } = (await ask('rules')) as { groups: readonly { rules: readonly RunningRule[] }[] };
      return groups.flatMap(({ rules }) => rules);
    },
    exported: async () => new Set(Object.keys((await ask('metadata')) as object)),
    query,
    value: async (expr) => (await query(expr))[0]?.value[1],
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
  ends.push(() => running.stop());
  const up = async () => expect(await running.value('count(up == 1)')).toBe(String(targets.length));
  await vi.waitFor(up, { timeout: 60_000, interval: 500 });
  return running;
}
