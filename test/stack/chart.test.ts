// What of the chart the API server itself can judge: each account's rights, and the policies by dry run. The chart is
// installed by test/stack-faults/chart.test.ts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { run } from '../../tools/stack/shell.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

const manifests = join(import.meta.dirname, '../../deploy/kustomize/stillpoint.yaml');
const installPage = join(import.meta.dirname, '../../docs/install.md');
let world: World;
let application: Application;
beforeAll(async () => {
  world = await openWorld();
  application = new Application(world);
  await world.cluster.namespaces.create({ metadata: { name: application.namespace } });
  await kubectl(['apply', '--filename=-'], policiesFor(application.namespace));
  // A policy counts once the API server has compiled it.
  const refused = () => expect(dryRun(source({ spec: {} }))).rejects.toThrow('replication method');
  await vi.waitFor(refused, { timeout: 60_000, interval: 500 });
});
afterAll(async () => {
  await kubectl(['delete', '--filename=-'], policiesFor(application.namespace));
  await application.remove();
  await world.close();
});

describe('an account', () => {
  it.each([
    ['worker', 'list', 'secrets'],
    ['worker', 'patch', 'secrets'],
    ['worker', 'create', 'pods'],
    ['worker', 'delete', 'persistentvolumes'],
    ['worker', 'patch', 'replicationsources.volsync.backube'],
    ['controller', 'get', 'secrets'],
    ['controller', 'create', 'jobs.batch'],
    ['controller', 'create', 'volumesnapshots.snapshot.storage.k8s.io'],
    ['controller', 'get', 'pods'],
    ['guard', 'get', 'secrets'],
    ['guard', 'list', 'pods'],
    ['guard', 'create', 'persistentvolumeclaims'],
    ['guard', 'delete', 'persistentvolumeclaims'],
    ['guard', 'list', 'replicationsources.volsync.backube'],
  ] as const)('of the %s may not %s %s', async (program, verb, resource) => {
    const asked = ['auth', 'can-i', verb, resource, '--all-namespaces'];
    const answer = await kubectl(asked, '', inject('stack').accounts[program]).catch(
      (error: Error) => error.message,
    );
    expect(answer).toMatch(/: no$|^no$/m);
  });
});

const RESTIC = { repository: 'a-secret', copyMethod: 'Snapshot' };

describe('the admission policy', () => {
  it.each([
    ['a source by restic', { spec: { sourcePVC: 'data', restic: RESTIC } }],
    ['a source that another operator serves', { spec: { external: { provider: 'example.com/other' } } }],
    [
      'a schedule with a time zone',
      {
        spec: {
          sourcePVC: 'data',
          trigger: { schedule: 'TZ=Europe/Berlin 0 3 * * 1-5' },
          restic: RESTIC,
        },
      },
    ],
    [
      'VolSync’s old name of Direct',
      { spec: { sourcePVC: 'data', restic: { ...RESTIC, copyMethod: 'None' } } },
    ],
    [
      'settings',
      {
        annotations: { 'freeze-bound': '1h30m', 'release-at': 'ready', jitter: '0s', 'first-sync': 'wait' },
        spec: { sourcePVC: 'data', restic: RESTIC },
      },
    ],
  ])('lets %s through', async (_what, wanted) => {
    await dryRun(source(wanted));
  });

  it.each([
    ['no mover', { spec: { sourcePVC: 'data' } }, 'a replication method must be specified'],
    [
      'two movers',
      { spec: { sourcePVC: 'data', restic: RESTIC, rclone: { copyMethod: 'Snapshot' } } },
      'only one can be',
    ],
    ['no pvc', { spec: { restic: RESTIC } }, 'spec.sourcePVC must name the PVC'],
    [
      'no copyMethod',
      { spec: { sourcePVC: 'data', restic: { repository: 'a-secret' } } },
      'copyMethod must be one of',
    ],
    [
      'a freeze bound that is no duration',
      { annotations: { 'freeze-bound': 'soon' }, spec: { sourcePVC: 'data', restic: RESTIC } },
      'stillpoint.dev/freeze-bound must be a duration',
    ],
    [
      'a freeze bound that is too short',
      { annotations: { 'freeze-bound': '1s' }, spec: { sourcePVC: 'data', restic: RESTIC } },
      'at least 5s',
    ],
    [
      'an unknown release-at',
      { annotations: { 'release-at': 'never' }, spec: { sourcePVC: 'data', restic: RESTIC } },
      'release-at must be one of cut, ready',
    ],
  ])('refuses a source with %s', async (_what, wanted, sentence) => {
    await expect(dryRun(source(wanted))).rejects.toThrow(sentence);
  });

  it('refuses a quiesce queue of another namespace, and a promise that is no time', async () => {
    const own = `quiesce/${application.namespace}/records`;
    await dryRun(
      pvc({
        'stillpoint.dev/quiesce-task-queue': own,
        'stillpoint.dev/trigger-valid-until': '2026-01-31T23:59:00Z',
      }),
    );
    await dryRun(pvc({ 'somebody.else/annotation': 'anything' }));
    await expect(
      dryRun(pvc({ 'stillpoint.dev/quiesce-task-queue': 'quiesce/other/records' })),
    ).rejects.toThrow(`must begin with quiesce/${application.namespace}/`);
    await expect(dryRun(pvc({ 'stillpoint.dev/trigger-valid-until': 'tomorrow' }))).rejects.toThrow(
      'must be a time',
    );
  });
});

describe('the plain manifests', () => {
  it('with the overlay of docs/install.md are valid, and name its images and its Temporal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-overlay-'));
    const [, overlay = ''] =
      /```yaml\n(# kustomization.yaml[^]*?)```/.exec(readFileSync(installPage, 'utf8')) ?? [];
    const base = relative(folder, dirname(manifests));
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      overlay.replace('../stillpoint/deploy/kustomize', base),
    );
    const rendered = await kubectl(['kustomize', folder]);
    rmSync(folder, { recursive: true });
    expect(rendered.match(/image: registry\.example\/stillpoint-worker:0\.1\.0/g)).toHaveLength(3);
    expect(rendered).not.toContain('temporal-frontend');
    expect(rendered).toContain('value: registry.example/stillpoint-mover:0.1.0');
    await kubectl(['apply', '--dry-run=client', '--validate=strict', '--filename=-'], rendered);
  });
});

interface Wanted {
  readonly spec: object;
  readonly annotations?: Readonly<Record<string, string>>;
}

function source({ spec, annotations = {} }: Wanted): object {
  const ours = Object.entries(annotations).map(([key, value]) => [`stillpoint.dev/${key}`, value]);
  return {
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: {
      name: 'test-rs',
      namespace: application.namespace,
      annotations: Object.fromEntries(ours) as object,
    },
    spec,
  };
}

function pvc(annotations: Readonly<Record<string, string>>): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: application.namespace, annotations },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
}

async function dryRun(manifest: object): Promise<void> {
  await kubectl(['create', '--dry-run=server', '--filename=-'], stringify(manifest));
}

/** The policies as the manifests have them, bound to this test's namespace only: others write what they like. */
function policiesFor(namespace: string): string {
  const documents = parseAllDocuments(readFileSync(manifests, 'utf8')).map((one) => one.toJS() as Manifest);
  const ours = documents.filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'));
  return ours
    .map(({ spec, metadata, ...rest }) => {
      const name = `${metadata.name}-${namespace}`;
      const matchLabels = { 'kubernetes.io/metadata.name': namespace };
      const bound =
        spec.policyName === undefined
          ? spec
          : {
              ...spec,
              policyName: `${spec.policyName}-${namespace}`,
              matchResources: { namespaceSelector: { matchLabels } },
            };
      return stringify({ ...rest, metadata: { ...metadata, name }, spec: bound });
    })
    .join('---\n');
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly policyName?: string };
}

function kubectl(
  args: readonly string[],
  input = '',
  kubeconfig: string = inject('stack').kubeconfig,
): Promise<string> {
  const { binFolder, folder } = inject('stack');
  const environment = { ...process.env, KUBECONFIG: kubeconfig, KUBECACHEDIR: join(folder, 'kubectl-cache') };
  return run(join(binFolder, 'kubectl'), args, { environment, input });
}
