// The chart, installed, upgraded and uninstalled. Alone on the stack: an uninstall ends every sync of the Temporal
// namespace, and worker and controller of the other tests stand still meanwhile.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ANNOTATIONS as A, readCopyWindow } from '../../domain/copy-trigger.ts';
import { kustomizeManifests, manifestsFile } from '../../tools/kustomize.ts';
import { ownStarted } from '../../tools/own-processes.ts';
import { run } from '../../tools/stack/shell.ts';
import { alerts } from '../deploy/dashboard-queries.ts';
import { Application, openWorld } from '../stack/world.ts';
import type { World } from '../stack/world.ts';
import { Chart, NAMESPACE } from './chart.ts';
import { killOurs, startBothAnew } from './our-processes.ts';

const MINUTES = 60_000;
const chart = new Chart();
let world: World;

beforeAll(async () => {
  world = await openWorld();
  await chart.prepare();
  await Promise.all(ownStarted(inject('stack').folder).map(killOurs));
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await world.cluster.namespaces.create({ metadata: { name: NAMESPACE, labels: restricted } });
}, 20 * MINUTES);

afterAll(async () => {
  await chart.remove();
  await world.cluster.namespaces.delete({ namespace: '', name: NAMESPACE });
  await startBothAnew();
  chart.close();
  await world.close();
}, 5 * MINUTES);

describe('the chart', () => {
  it('is what the plain manifests are made of', async () => {
    expect(readFileSync(manifestsFile, 'utf8')).toBe(await kustomizeManifests());
  });

  it('refuses values that cannot work, in a sentence', async () => {
    await expect(chart.template('--set=temporal.address=nowhere')).rejects.toThrow(/temporal\/address/);
    await expect(chart.template('--set=worker.replica=3')).rejects.toThrow(/replica/);
    await expect(chart.template('--set=image=')).rejects.toThrow(/image/);
  });

  it('hands worker and controller, and never the guard, the login to Temporal', async () => {
    const tls = ['--set=temporal.tls.enabled=true', '--set=temporal.tls.secret=login'];
    const rendered = await chart.template(...tls, '--set=temporal.apiKey.secret=key');
    for (const [name, names] of Object.entries(environmentNames(rendered))) {
      const login = ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH', 'TEMPORAL_API_KEY'];
      const handed = login.filter((variable) => names.includes(variable));
      expect([name, handed]).toEqual([name, name === 'stillpoint-guard' ? [] : login]);
    }
  });

  it('carries alerts and dashboard for those who ask', async () => {
    const wanted = ['podMonitor', 'prometheusRule', 'dashboard'].map(
      (name) => `--set=monitoring.${name}=true`,
    );
    const rendered = parseAllDocuments(await chart.template(...wanted)).map(
      (one) => one.toJS() as Rendered | null,
    );
    const rules = rendered.find((one) => one?.kind === 'PrometheusRule')?.spec?.groups?.[0]?.rules;
    expect(rules).toHaveLength(alerts().length);
    const dashboard = rendered.find((one) => one?.kind === 'ConfigMap')?.data?.['stillpoint.json'] ?? '{}';
    expect(JSON.parse(dashboard)).toMatchObject({ title: 'Stillpoint' });
    expect(rendered.filter((one) => one?.kind === 'PodMonitor')).toHaveLength(1);
  });

  it('keeps a version that still has syncs beside the new one', async () => {
    const previous = 'worker.previousVersions=[{"buildId":"0.1.0","image":"registry.local/older:0.1.0"}]';
    const rendered = await chart.template('--set=worker.buildId=0.2.0', `--set-json=${previous}`);
    expect(Object.keys(environmentNames(rendered))).toContain('stillpoint-worker-0-1-0');
    expect(rendered).toMatch(/STILLPOINT_BUILD_ID, value: "0\.1\.0"/);
    expect(rendered).toMatch(/STILLPOINT_BUILD_ID, value: "0\.2\.0"/);
  });

  it(
    'installs into a restricted namespace, serves a sync, survives an upgrade in mid-wait, and leaves no window open',
    { timeout: 25 * MINUTES },
    async () => {
      const definitions = await definitionsNow();
      const notes = await chart.install();
      expect(notes).toContain(`Stillpoint runs in namespace ${NAMESPACE}`);
      expect(await definitionsNow()).toEqual(definitions);
      expect(await readyPods()).toEqual({ worker: 2, controller: 2, guard: 2 });

      const application = new Application(world);
      await application.install({ [A.useCopyTrigger]: '' });
      await application.shell('echo before-the-trigger > /data/records; sync');
      await application.replicate({ copyMethod: 'Snapshot' });
      await application.copyStatus('WaitingForTrigger');
      const first = await application.latestRun();
      await application.setTrigger('trigger-1');
      await application.copyStatus('Completed');
      const { moved } = await application.report(first);
      expect(await application.restored(moved.snapshotId ?? '')).toBe('before-the-trigger\n');

      await application.syncNow();
      const asked = await application.copyStatus('WaitingForTrigger', answered('trigger-1'));
      const waiting = await application.latestRun();
      const podsBefore = await podNames();
      await chart.upgrade('--set-string=worker.settings.STILLPOINT_MOVER_ATTEMPTS=2', '--set=freezeBound=5m');
      expect(
        (await podNames()).filter((name) => /worker|guard/.test(name) && podsBefore.includes(name)),
      ).toEqual([]);
      const afterwards = await application.copyStatus('WaitingForTrigger');
      expect(readCopyWindow(afterwards)?.id).toBe(readCopyWindow(asked)?.id);
      await application.setTrigger('trigger-2');
      await application.copyStatus('Completed', answered('trigger-2'));
      await application.report(waiting);

      await application.syncNow();
      await application.copyStatus('WaitingForTrigger', answered('trigger-2'));
      expect(await missingRights()).toEqual([]);
      const said = await chart.uninstall();
      const left = await application.copyStatus('Failed');
      expect(readCopyWindow(left)?.result).toBe('Failed');
      expect(left[A.latestCopyError]).toMatch(/^Cancelled: /);
      expect(said).toContain('no application is asked or frozen. What stays:');
      expect(said).toMatch(/- \d+ ReplicationSources and \d+ ReplicationDestinations/);
      expect(await definitionsNow()).toEqual(definitions);
      expect(await schedulesLeft()).toEqual([]);
      await application.remove();
    },
  );
});

interface Rendered {
  readonly kind: string;
  readonly spec?: { readonly groups?: readonly { readonly rules: readonly unknown[] }[] };
  readonly data?: Readonly<Record<string, string>>;
}

interface Deployment {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly env?: readonly { readonly name: string }[] }[];
      };
    };
  };
}

/** Of each Deployment that runs: names of the variables of its container. */
function environmentNames(rendered: string): Readonly<Record<string, readonly string[]>> {
  const documents = parseAllDocuments(rendered).map((one) => one.toJS() as Deployment | null);
  return Object.fromEntries(
    documents.flatMap((one) => {
      const env = one?.kind === 'Deployment' ? one.spec.template.spec.containers[0]?.env : undefined;
      return one === null || env === undefined ? [] : [[one.metadata.name, env.map(({ name }) => name)]];
    }),
  );
}

function answered(trigger: string) {
  return (annotations: Readonly<Record<string, string>>) => annotations[A.latestCopyTrigger] === trigger;
}

function kubectl(...args: readonly string[]): Promise<string> {
  const { binFolder, kubeconfig, folder } = inject('stack');
  const environment = { ...process.env, KUBECONFIG: kubeconfig, KUBECACHEDIR: join(folder, 'kubectl-cache') };
  return run(join(binFolder, 'kubectl'), args, { environment });
}

/** Who the definitions are, and what they say. */
async function definitionsNow(): Promise<readonly string[]> {
  const columns =
    'jsonpath={range .items[*]}{.metadata.name} {.metadata.uid} {.metadata.generation}{"\\n"}{end}';
  const all = await kubectl('get', 'customresourcedefinitions', '--output', columns);
  return all.split('\n').filter((line) => line.includes('volsync.backube'));
}

async function pods() {
  return (await world.cluster.pods.list({ namespace: NAMESPACE })).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
}

async function podNames(): Promise<readonly string[]> {
  return (await pods()).map(({ metadata }) => metadata.name);
}

async function readyPods(): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { metadata, status } of await pods()) {
    const conditions = (status as { conditions?: readonly { type: string; status: string }[] }).conditions;
    const ready = conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
    const component = metadata.labels?.['app.kubernetes.io/component'] ?? '';
    if (ready) counts[component] = (counts[component] ?? 0) + 1;
  }
  return counts;
}

/** Lines of all processes that tell of a right that their account lacks. */
async function missingRights(): Promise<readonly string[]> {
  const said = await Promise.all(
    (await podNames()).map((name) => kubectl('logs', `--namespace=${NAMESPACE}`, name)),
  );
  return said.flatMap((text) => text.split('\n')).filter((line) => /cannot \w+ resource/.test(line));
}

async function schedulesLeft(): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { scheduleId } of world.temporal.schedule.list())
    if (/^(source|destination)\//.test(scheduleId)) ids.push(scheduleId);
  return ids;
}
