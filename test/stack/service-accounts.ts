// Our processes run on the stack as they do in a cluster: each under a service account with the chart's own ClusterRole
// (deploy/helm/stillpoint/rbac) and nothing else. So every test proves that the roles suffice.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import type { Program } from '../../tools/own-processes.ts';
import { run } from '../../tools/stack/shell.ts';
import type { Stack } from '../../tools/stack/stack.ts';
import { roleFiles } from '../deploy/role-files.ts';
import type { RoleFile } from '../deploy/role-files.ts';

/** A kubeconfig for each of our processes. */
export type Accounts = Readonly<Record<Program, string>>;

const PROGRAMS: readonly Program[] = ['worker', 'controller', 'guard'];
const NAMESPACE = 'stillpoint-accounts';

/** Applies accounts, roles and bindings, and writes the kubeconfigs into the folder; each token lasts for a day. */
export async function serviceAccounts(stack: Stack, folder: string): Promise<Accounts> {
  const kubectl = (args: readonly string[], input = '') =>
    run(join(stack.binFolder, 'kubectl'), args, {
      environment: {
        ...process.env,
        KUBECONFIG: stack.kubeconfig,
        KUBECACHEDIR: join(stack.stateFolder, 'kubectl-cache'),
      },
      input,
    });
  await kubectl(
    ['apply', '--filename=-'],
    manifests()
      .map((one) => stringify(one))
      .join('---\n'),
  );
  mkdirSync(folder, { recursive: true });
  const written = PROGRAMS.map(async (program) => {
    const token = await kubectl(['create', 'token', program, `--namespace=${NAMESPACE}`, '--duration=24h']);
    return [program, writeAccount(stack, folder, { program, token: token.trim() })] as const;
  });
  return Object.fromEntries(await Promise.all(written)) as Accounts;
}

function manifests(): readonly object[] {
  const rbac = 'rbac.authorization.k8s.io';
  const named = (name: string) => ({ name: `${NAMESPACE}-${name}` });
  const account = (name: string) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: NAMESPACE },
  });
  const granted = ({ name, rules }: RoleFile) => {
    const subject = {
      kind: 'ServiceAccount',
      namespace: NAMESPACE,
      name: PROGRAMS.find((program) => name.startsWith(program)),
    };
    const roleRef = { apiGroup: rbac, kind: 'ClusterRole', ...named(name) };
    return [
      { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: named(name), rules },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: named(name),
        roleRef,
        subjects: [subject],
      },
    ];
  };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    ...PROGRAMS.map(account),
    ...roleFiles().flatMap(granted),
  ];
}

interface Account {
  readonly program: Program;
  readonly token: string;
}

function writeAccount(stack: Stack, folder: string, { program, token }: Account): string {
  const config = new KubeConfig();
  config.loadFromFile(stack.kubeconfig);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`The kubeconfig ${stack.kubeconfig} names no cluster.`);
  const ours = new KubeConfig();
  ours.loadFromClusterAndUser(cluster, { name: program, token });
  const file = join(folder, `${program}.kubeconfig`);
  writeFileSync(file, ours.exportConfig(), { mode: 0o600 });
  return file;
}

const REFUSED = /cannot (?:get|list|watch|create|patch|update|delete|deletecollection) resource "[^"]+"/;

/** Lines of our processes' logs that tell of a right that their account lacks. */
export function missingRights(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.log'))
    .flatMap((file) =>
      readFileSync(join(folder, file), 'utf8')
        .split('\n')
        .filter((line) => REFUSED.test(line.replaceAll('\\"', '"')))
        .map((line) => `${basename(file, '.log')}: ${line.slice(0, 500)}`),
    );
}
