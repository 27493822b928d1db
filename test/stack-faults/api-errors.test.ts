// Our worker and controller behind a proxy that breaks single requests of one application's syncs, as an API server in
// trouble, a proxy or a bad network would.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { openWorld } from '../stack/world.ts';
import type { World } from '../stack/world.ts';
import type { Match } from './api-call.ts';
import { EXPIRED, startFaultProxy } from './fault-proxy.ts';
import type { FaultProxy } from './fault-proxy.ts';
import type { ApiFault } from './fault-rules.ts';
import { startBothAnew } from './our-processes.ts';
import { asked, endsWell, installed, moversOf, waiting } from './scenario.ts';

let world: World;
let proxy: FaultProxy;
beforeAll(async () => {
  world = await openWorld();
  proxy = await startFaultProxy(inject('stack').kubeconfig);
  await startBothAnew({ KUBECONFIG: proxy.kubeconfig });
});
afterAll(async () => {
  await startBothAnew();
  await proxy[Symbol.asyncDispose]();
  await world.close();
});

const WRITES: Match = { verb: /^(create|patch|delete)$/ };
const CALLS: Match = { verb: /^(get|list|create|patch|delete)$/ };
const refused = (code: number, reason: string, retryAfterSeconds?: number): ApiFault => ({
  kind: 'refused',
  code,
  reason,
  ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
});

describe.concurrent('a sync whose every request fails at its first time ends well', () => {
  it.each<{ as: string; match: Match; fault: ApiFault }>([
    { as: 'with 409', match: { verb: /^(patch|delete)$/ }, fault: refused(409, 'Conflict') },
    { as: 'with 429 and Retry-After', match: CALLS, fault: refused(429, 'TooManyRequests', 1) },
    { as: 'with 500', match: CALLS, fault: refused(500, 'InternalError') },
    { as: 'with 503', match: CALLS, fault: refused(503, 'ServiceUnavailable') },
    { as: 'carried out, the answer lost', match: WRITES, fault: { kind: 'answerLost' } },
    { as: 'carried out, the answer cut off', match: CALLS, fault: { kind: 'answerTorn' } },
  ])('$as', async ({ match, fault }) => {
    const application = await installed(world);
    const rule = proxy.breaks({ ...match, namespace: application.namespace }, fault, 'eachOnce');
    const sync = await asked(application);
    const movers = moversOf(application);
    await application.setTrigger('t1');
    await endsWell(sync, 't1');
    expect(movers.size).toBe(1);
    const broken = new Set(rule.hits.map(({ verb, resource }) => `${verb} ${resource}`));
    expect([...broken]).toEqual(expect.arrayContaining(['patch persistentvolumeclaims', 'delete jobs']));
  });
});

describe.concurrent('a sync ends well though the answer is lost to', () => {
  it.each<{ as: string; match: Match }>([
    { as: 'the question', match: { resource: 'persistentvolumeclaims', body: /WaitingForTrigger/ } },
    { as: 'the acceptance', match: { resource: 'persistentvolumeclaims', body: /InProgress/ } },
    { as: 'the creation of the snapshot', match: { verb: 'create', resource: 'volumesnapshots' } },
    { as: 'the release', match: { resource: 'persistentvolumeclaims', body: /Completed/ } },
    { as: 'the creation of the mover', match: { verb: 'create', resource: 'jobs' } },
    { as: 'the report', match: { verb: 'patch', resource: 'replicationsources', body: /lastSyncTime/ } },
  ])('$as', async ({ match }) => {
    const application = await installed(world);
    const { namespace } = application;
    const rule = proxy.breaks({ ...match, namespace }, { kind: 'answerLost' }, 'first');
    const sync = await asked(application);
    const movers = moversOf(application);
    await application.setTrigger('t1');
    await endsWell(sync, 't1');
    expect(movers.size).toBe(1);
    expect(rule.hits).toHaveLength(1);
  });
});

describe.concurrent('a sync ends well though', () => {
  it('nobody answers the first acceptance, creation and release: each is tried again after its deadline', async () => {
    const sync = await waiting(world);
    const { namespace } = sync.application;
    const unanswered = [/InProgress/, /Completed/].map((body) =>
      proxy.breaks({ verb: 'patch', namespace, body }, { kind: 'unanswered' }, 'first'),
    );
    await sync.application.setTrigger('t1');
    await endsWell(sync, 't1');
    expect(unanswered.map(({ hits }) => hits.length)).toEqual([1, 1]);
  });

  it('the storage says for ever that a snapshot is invalid: it fails with one sentence, and the application goes on', async () => {
    const { application, run } = await waiting(world);
    const create: Match = { verb: 'create', resource: 'volumesnapshots', namespace: application.namespace };
    const rule = proxy.breaks(create, refused(422, 'Invalid'));
    await application.setTrigger('t1');
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyTrigger]).toBe('t1');
    expect(failed[A.latestCopyError]).toMatch(/volumesnapshots/);
    await expect(application.report(run)).rejects.toThrow();
    rule.lift();
    await application.setTrigger('t2');
    await application.copyStatus('Completed');
    await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
  });
});

describe('every watch', () => {
  const EVERY: Match = { verb: 'watch', userAgent: /^stillpoint/ };

  it('ends with 410 in mid-stream, again and again, and nothing is missed', async () => {
    const sync = await waiting(world, { volumeSnapshotClassName: 'dir-slow-cut' });
    const expired = proxy.streams(EVERY);
    for (const stream of expired) stream.endWith(EXPIRED);
    const again = proxy.breaks(EVERY, { kind: 'expired' }, 'eachOnce');
    await sync.application.setTrigger('t1');
    await endsWell(sync, 't1');
    expect(expired.length).toBeGreaterThan(5);
    expect(again.hits.length).toBeGreaterThan(3);
  });

  it('is slow: the sync takes longer, and ends well', async () => {
    for (const stream of proxy.streams(EVERY)) stream.endWith(EXPIRED);
    const slow = proxy.breaks(EVERY, { kind: 'slow', ms: 500 });
    const sync = await waiting(world);
    await sync.application.setTrigger('t1');
    await endsWell(sync, 't1');
    slow.lift();
    expect(slow.hits.length).toBeGreaterThan(5);
  });

  it('falls silent and stays open: it is noticed, and the syncs go on', async () => {
    const waits = await waiting(world);
    const frozen = await waiting(world, { volumeSnapshotClassName: 'dir-slow-cut' });
    await frozen.application.setTrigger('t1');
    await frozen.application.copyStatus('InProgress');
    const silent = proxy.streams(EVERY);
    for (const stream of silent) stream.stall();
    await waits.application.setTrigger('t2');
    await Promise.all([endsWell(frozen, 't1'), endsWell(waits, 't2')]);
    expect(silent.length).toBeGreaterThan(5);
  });
});
