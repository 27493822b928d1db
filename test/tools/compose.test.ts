import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ControllerSettings, readSettings, variablesOf, WorkerSettings } from '../../api/settings.ts';
import { SEARCH_ATTRIBUTES } from '../../domain/messages.ts';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly restart?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Environment;
  readonly ports?: readonly string[];
  readonly volumes?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

type Environment = Readonly<Record<string, string>>;

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it('starts Temporal on PostgreSQL with its UI, worker and controller', () => {
    expect(Object.keys(compose.services).sort()).toEqual([
      'controller',
      'namespace',
      'postgres',
      'schema',
      'temporal',
      'ui',
      'worker',
    ]);
  });

  it.each(services)(
    'lets %s wait only for services that exist and can fulfil the condition',
    (_name, service) => {
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        const awaited = compose.services[other];
        expect(awaited, other).toBeDefined();
        if (condition === 'service_healthy') expect(awaited?.healthcheck, other).toBeDefined();
        // A job that is started again whenever it ends never counts as completed.
        else expect(awaited?.restart, other).toMatch(/^on-failure:/);
      }
    },
  );

  it.each(services)('opens ports of %s on the loopback only', (_name, service) => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(services)('takes named volumes of %s only where they are declared', (_name, service) => {
    const named = (service.volumes ?? []).filter((volume) => typeof volume === 'string');
    for (const volume of named) expect(compose.volumes).toHaveProperty(volume.split(':')[0] ?? '');
  });

  it('names the version of every image, one and the same for the server and its tools', () => {
    for (const [, { image }] of services) expect(image).toMatch(/:(\d+|\d+\.\d+\.\d+.*|local)$/);
    const server = compose.services['temporal']?.image.split(':')[1] ?? '';
    for (const job of ['schema', 'namespace'])
      expect(compose.services[job]?.image).toContain(`admin-tools:${server}`);
  });

  it('creates exactly the search attributes that a sync writes', () => {
    const script = compose.services['namespace']?.command?.join() ?? '';
    const created = [...script.matchAll(/--name (\w+) --type Keyword/g)].map(([, name]) => name);
    expect(created).toEqual([...SEARCH_ATTRIBUTES]);
  });
});

describe.each([
  { name: 'worker', schema: WorkerSettings, read: (set: Environment) => readSettings(WorkerSettings, set) },
  {
    name: 'controller',
    schema: ControllerSettings,
    read: (set: Environment) => readSettings(ControllerSettings, set),
  },
])('$name in docker-compose.yml', ({ name, schema, read }) => {
  const service = compose.services[name];
  // What the person has not set is what the file falls back to.
  const environment: Environment = JSON.parse(
    JSON.stringify(service?.environment ?? {}).replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
  );

  it('is built from a Dockerfile that exists and takes the program as its argument', () => {
    const { context = '', dockerfile = '' } = service?.build ?? {};
    expect(existsSync(join(root, context, dockerfile))).toBe(true);
    expect(readFileSync(join(root, 'images/worker/entry.sh'), 'utf8')).toContain(`  ${name}) program=`);
    expect(service?.command).toEqual([name]);
  });

  it('is given only settings that it knows, with values that it accepts', () => {
    const known = variablesOf(schema).map((variable) => variable.name);
    for (const variable of Object.keys(environment)) expect(known).toContain(variable);
    expect(read(environment)).toMatchObject({
      kubeconfig: '/kube/config',
      temporalAddress: 'temporal:7233',
    });
  });

  it('finds the kubeconfig where its setting says', () => {
    expect(service?.volumes).toMatchObject([{ target: environment['KUBECONFIG'], read_only: true }]);
  });

  it('is called healthy by the port that its setting opens', () => {
    expect(service?.healthcheck?.test.join(' ')).toContain(
      `:${environment['STILLPOINT_METRICS_PORT']}/readyz`,
    );
  });
});
