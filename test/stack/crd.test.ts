import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { json } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { parse } from 'yaml';
import * as destination from '../api/destination-manifests.ts';
import * as source from '../api/source-manifests.ts';
import * as sourceStatus from '../api/source-statuses.ts';

const NAMESPACE = `crd-${randomUUID().slice(0, 8)}`;

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly columns: readonly string[];
  readonly seed: object;
  readonly row: readonly unknown[];
  readonly accepted: readonly { readonly title: string; readonly spec: unknown; readonly stored?: unknown }[];
  readonly refused: readonly { readonly title: string; readonly spec: unknown }[];
  readonly statuses: readonly { readonly title: string; readonly status: object }[];
  readonly refusedStatuses: readonly { readonly title: string; readonly status: object }[];
}

// `external`: ours leaves it alone, so that nobody but this test writes its status.
const KINDS: readonly Kind[] = [
  {
    kind: 'ReplicationSource',
    plural: 'replicationsources',
    columns: ['Name', 'Source', 'Last sync', 'Duration', 'Next sync'],
    seed: { sourcePVC: 'data-pvc', external: {} },
    row: ['seed', 'data-pvc', null, null, null],
    accepted: [...source.ACCEPTED, ...source.LEFT_TO_THE_API_SERVER.accepted],
    refused: [...source.REFUSED, ...source.LEFT_TO_THE_API_SERVER.refused],
    statuses: [
      ...sourceStatus.ACCEPTED_STATUSES,
      { title: 'the conversation around the newest copy', status: sourceStatus.LAST_COPY_STATUS },
    ],
    refusedStatuses: sourceStatus.REFUSED_STATUSES,
  },
  {
    kind: 'ReplicationDestination',
    plural: 'replicationdestinations',
    columns: ['Name', 'Last sync', 'Duration', 'Next sync'],
    seed: { external: {} },
    row: ['seed', null, null, null],
    accepted: [...destination.ACCEPTED, ...destination.LEFT_TO_THE_API_SERVER.accepted],
    refused: [...destination.REFUSED, ...destination.LEFT_TO_THE_API_SERVER.refused],
    statuses: destination.ACCEPTED_STATUSES,
    refusedStatuses: destination.REFUSED_STATUSES,
  },
];

const MERGE_PATCH = 'application/merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';
const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1';

interface Answer {
  readonly code: number;
  // Whatever the API server says; each test looks at the part that it is about.
  readonly body: {
    readonly message?: string;
    readonly spec?: unknown;
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
    readonly columnDefinitions?: readonly { readonly name: string }[];
    readonly rows?: readonly { readonly cells: readonly unknown[] }[];
  };
}

const config = new KubeConfig();

beforeAll(async () => {
  config.loadFromFile(inject('stack').kubeconfig);
  await call('POST', '/api/v1/namespaces', { body: { metadata: { name: NAMESPACE } } });
  for (const kind of KINDS) await applyWithSeed(kind);
}, 60_000);

afterAll(async () => {
  await call('DELETE', `/api/v1/namespaces/${NAMESPACE}`);
});

describe.each(KINDS)('the CRD of $kind on a real API server', (kind) => {
  it('is established, with nothing to complain about', async () => {
    const { body } = await call('GET', definitionOf(kind));
    const conditions = body.status?.conditions?.map(({ type, status }) => `${type}=${status}`);
    expect(conditions).toContain('Established=True');
    expect(conditions).toContain('NamesAccepted=True');
    expect(conditions).not.toContain('NonStructuralSchema=True');
  });

  it('shows the columns of VolSync', async () => {
    const { body } = await call('GET', objectsOf(kind), { accept: TABLE });
    expect(body.columnDefinitions?.map(({ name }) => name)).toEqual(kind.columns);
    expect(body.rows?.[0]?.cells).toEqual(kind.row);
  });

  it.each(kind.accepted)('accepts $title', async (row) => {
    const { code, body } = await create(kind, row);
    expect(code, body.message).toBe(201);
    expect(body.spec).toEqual('stored' in row ? row.stored : row.spec);
  });

  it.each(kind.refused)('refuses $title', async ({ spec }) => {
    expect((await create(kind, { spec })).code).toBe(422);
  });

  it.each(source.SCHEDULES.accepted)('accepts the schedule "%s"', async (schedule) => {
    const { code, body } = await create(kind, { spec: { trigger: { schedule } } });
    expect(code, body.message).toBe(201);
  });

  it.each(source.SCHEDULES.refused)('refuses the schedule "%s"', async (schedule) => {
    expect((await create(kind, { spec: { trigger: { schedule } } })).code).toBe(422);
  });

  it('accepts an object without spec', async () => {
    expect((await create(kind, {})).code).toBe(201);
  });

  it('takes no status from who creates an object', async () => {
    expect((await create(kind, { status: { lastManualSync: 'never' } })).body.status).toBeUndefined();
  });

  it.each(kind.statuses)('stores $title', async ({ status }) => {
    const { code, body } = await patchStatus(kind, status);
    expect(code, body.message).toBe(200);
    expect(body.status).toEqual(status);
  });

  it.each(kind.refusedStatuses)('does not store $title', async ({ status }) => {
    expect((await patchStatus(kind, status)).code).toBe(422);
  });
});

async function applyWithSeed(kind: Kind): Promise<void> {
  const file = new URL(`../../deploy/crds/${kind.plural}.volsync.backube.yaml`, import.meta.url);
  const body: unknown = parse(readFileSync(file, 'utf8'));
  const query = '?fieldManager=crd-test&force=true&fieldValidation=Strict';
  const applied = await call('PATCH', `${definitionOf(kind)}${query}`, { body, contentType: APPLY_PATCH });
  expect(applied.code, applied.body.message).toBeLessThan(300);
  await vi.waitFor(async () => expect((await call('GET', objectsOf(kind))).code).toBe(200), 30_000);
  const created = await create(kind, { spec: kind.seed, name: 'seed' }, '');
  expect(created.code, created.body.message).toBe(201);
}

function definitionOf({ plural }: Kind): string {
  return `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.volsync.backube`;
}

function objectsOf({ plural }: Kind): string {
  return `/apis/volsync.backube/v1alpha1/namespaces/${NAMESPACE}/${plural}`;
}

function create(
  kind: Kind,
  object: { spec?: unknown; status?: unknown; name?: string },
  query = '?dryRun=All',
): Promise<Answer> {
  const { name = 'table', ...rest } = object;
  const body = {
    apiVersion: 'volsync.backube/v1alpha1',
    kind: kind.kind,
    metadata: { name },
    ...rest,
  };
  return call('POST', `${objectsOf(kind)}${query}`, { body });
}

function patchStatus(kind: Kind, status: object): Promise<Answer> {
  const path = `${objectsOf(kind)}/seed/status?dryRun=All`;
  return call('PATCH', path, { body: { status }, contentType: MERGE_PATCH });
}

/** One request, with the answer whatever its code; our own client would throw, and asks for no tables. */
async function call(
  method: string,
  path: string,
  { body, contentType = 'application/json', accept = 'application/json' }: CallContent = {},
): Promise<Answer> {
  const options: RequestOptions = { method, headers: { accept, 'content-type': contentType } };
  await config.applyToHTTPSOptions(options);
  const server = config.getCurrentCluster()?.server ?? '';
  return new Promise((resolve, reject) => {
    const sent = request(`${server}${path}`, options, (response) => {
      json(response).then(
        (answer) => resolve({ code: response.statusCode ?? 0, body: answer as Answer['body'] }),
        reject,
      );
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

interface CallContent {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
}
