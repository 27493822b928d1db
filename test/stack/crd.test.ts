import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { json } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { parse } from 'yaml';
import { ACCEPTED, LEFT_TO_THE_API_SERVER, REFUSED, SCHEDULES } from '../api/source-manifests.ts';
import { ACCEPTED_STATUSES, LAST_COPY_STATUS, REFUSED_STATUSES } from '../api/source-statuses.ts';

const CRD_FILE = new URL('../../deploy/crds/replicationsources.volsync.backube.yaml', import.meta.url);
const CRD_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/replicationsources.volsync.backube';
const NAMESPACE = `crd-${randomUUID().slice(0, 8)}`;
const SOURCES = `/apis/volsync.backube/v1alpha1/namespaces/${NAMESPACE}/replicationsources`;

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
  const crd: unknown = parse(readFileSync(CRD_FILE, 'utf8'));
  const applied = await call('PATCH', `${CRD_PATH}?fieldManager=crd-test&force=true&fieldValidation=Strict`, {
    body: crd,
    contentType: APPLY_PATCH,
  });
  expect(applied.code, applied.body.message).toBeLessThan(300);
  await call('POST', '/api/v1/namespaces', { body: { metadata: { name: NAMESPACE } } });
  await vi.waitFor(async () => expect((await call('GET', SOURCES)).code).toBe(200), 30_000);
  // `external`: ours leaves it alone, so that nobody but this test writes its status.
  const spec = { sourcePVC: 'data-pvc', external: {} };
  const created = await create({ spec, name: 'seed' }, '');
  expect(created.code, created.body.message).toBe(201);
}, 60_000);

afterAll(async () => {
  await call('DELETE', `/api/v1/namespaces/${NAMESPACE}`);
});

describe('the CRD of ReplicationSource on a real API server', () => {
  it('is established, with nothing to complain about', async () => {
    const { body } = await call('GET', CRD_PATH);
    const conditions = body.status?.conditions?.map(({ type, status }) => `${type}=${status}`);
    expect(conditions).toContain('Established=True');
    expect(conditions).toContain('NamesAccepted=True');
    expect(conditions).not.toContain('NonStructuralSchema=True');
  });

  it('shows the columns of VolSync', async () => {
    const { body } = await call('GET', SOURCES, { accept: TABLE });
    expect(body.columnDefinitions?.map(({ name }) => name)).toEqual([
      'Name',
      'Source',
      'Last sync',
      'Duration',
      'Next sync',
    ]);
    expect(body.rows?.[0]?.cells).toEqual(['seed', 'data-pvc', null, null, null]);
  });

  it.each([...ACCEPTED, ...LEFT_TO_THE_API_SERVER.accepted])('accepts $title', async (row) => {
    const { code, body } = await create(row);
    expect(code, body.message).toBe(201);
    expect(body.spec).toEqual('stored' in row ? row.stored : row.spec);
  });

  it.each([...REFUSED, ...LEFT_TO_THE_API_SERVER.refused])('refuses $title', async ({ spec }) => {
    expect((await create({ spec })).code).toBe(422);
  });

  it.each(SCHEDULES.accepted)('accepts the schedule "%s"', async (schedule) => {
    const { code, body } = await create({ spec: { trigger: { schedule } } });
    expect(code, body.message).toBe(201);
  });

  it.each(SCHEDULES.refused)('refuses the schedule "%s"', async (schedule) => {
    expect((await create({ spec: { trigger: { schedule } } })).code).toBe(422);
  });

  it('accepts a source without spec', async () => {
    expect((await create({})).code).toBe(201);
  });

  it('takes no status from who creates a source', async () => {
    expect((await create({ status: LAST_COPY_STATUS })).body.status).toBeUndefined();
  });

  it.each(ACCEPTED_STATUSES)('stores $title', async ({ status }) => {
    const { code, body } = await patchStatus(status);
    expect(code, body.message).toBe(200);
    expect(body.status).toEqual(status);
  });

  it('stores the conversation around the newest copy', async () => {
    expect((await patchStatus(LAST_COPY_STATUS)).body.status).toEqual(LAST_COPY_STATUS);
  });

  it.each(REFUSED_STATUSES)('does not store $title', async ({ status }) => {
    expect((await patchStatus(status)).code).toBe(422);
  });
});

function create(
  source: { spec?: unknown; status?: unknown; name?: string },
  query = '?dryRun=All',
): Promise<Answer> {
  const { name = 'table', ...rest } = source;
  const body = {
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: { name },
    ...rest,
  };
  return call('POST', `${SOURCES}${query}`, { body });
}

function patchStatus(status: object): Promise<Answer> {
  return call('PATCH', `${SOURCES}/seed/status?dryRun=All`, { body: { status }, contentType: MERGE_PATCH });
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
