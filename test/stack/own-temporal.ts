// A Temporal namespace of a test's own, with workers of its own settings: for what all tests cannot share. The
// shared controller knows neither: a source is paused so that it starts nothing, and nudges are sent by the test.
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { inject, vi } from 'vitest';
import type { SourceRef, SyncReport } from '../../api/sync.ts';
import { PVC_CHANGED, SYNC_SOURCE, TASK_QUEUE, sourceScheduleId } from '../../domain/messages.ts';
import { startOwn, stopOwn } from '../../tools/own-processes.ts';
import { TEST_SETTINGS } from './global-setup.ts';
import { recordTemporalNamespace } from './outside-record.ts';
import { PATIENCE } from './window-scenario.ts';
import { Application } from './world.ts';
import type { World } from './world.ts';

export type SyncHandle = WorkflowHandle<() => Promise<SyncReport>>;

export class OwnTemporal {
  readonly namespace = `own-${randomBytes(4).toString('hex')}`;
  readonly client: Client;
  readonly #world: World;
  readonly #folders: string[] = [];

  constructor(world: World) {
    this.#world = world;
    this.client = new Client({ connection: world.temporal.connection, namespace: this.namespace });
    recordTemporalNamespace(this.namespace);
  }

  async create(): Promise<void> {
    await this.#operator('namespace', 'create', '--namespace', this.namespace);
    // A new namespace is not known everywhere at once.
    await vi.waitFor(async () => this.client.schedule.list()[Symbol.asyncIterator]().next(), PATIENCE);
  }

  /** Starts another worker; returns the way to end it. */
  async startWorker(env: Readonly<Record<string, string>>): Promise<() => Promise<void>> {
    const { kubeconfig, temporalAddress } = inject('stack');
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-own-'));
    this.#folders.push(folder);
    const place = {
      KUBECONFIG: kubeconfig,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: this.namespace,
      STILLPOINT_NEIGHBOURS: 'ignore', // Another file plays a VolSync.
    };
    await startOwn({ program: 'worker', folder, env: { ...TEST_SETTINGS, ...place, ...env } });
    return () => stopOwn('worker', folder);
  }

  /** New syncs begin on this version of the worker from now on. */
  async makeCurrent(buildId: string): Promise<void> {
    const version = ['--deployment-name', 'stillpoint', '--build-id', buildId, '--namespace', this.namespace];
    const set = () => this.#cli('worker', 'deployment', 'set-current-version', ...version, '--yes');
    await vi.waitFor(set, PATIENCE); // Its pollers have to be known first.
  }

  /** What a person does who wants to end an older version while a sync of it still waits. */
  async move({ workflowId }: SyncHandle, buildId: string): Promise<void> {
    const version = [
      '--versioning-override-deployment-name',
      'stillpoint',
      '--versioning-override-build-id',
      buildId,
    ];
    const pinned = ['--versioning-override-behavior', 'pinned', ...version];
    await this.#cli('workflow', 'update-options', '--namespace', this.namespace, '-w', workflowId, ...pinned);
  }

  /** Creates the paused source of this application, and starts a sync of it as a schedule would. */
  async sync({ world, source, pvc }: Application): Promise<SyncHandle> {
    const { metadata } = await world.cluster.sources.create({
      apiVersion: 'volsync.backube/v1alpha1',
      kind: 'ReplicationSource',
      metadata: source,
      spec: {
        sourcePVC: pvc.name,
        paused: true,
        trigger: { schedule: '0 0 29 2 *' },
        restic: { repository: 'restic-secret', cacheCapacity: '1Gi', copyMethod: 'Snapshot' },
      },
    });
    const ref: SourceRef = { ...source, uid: metadata.uid ?? '' };
    const workflowId = `${sourceScheduleId(source)}-${new Date().toISOString()}`;
    const typedSearchAttributes = [
      { key: defineSearchAttributeKey('SyncSource', 'KEYWORD'), value: `${source.namespace}/${source.name}` },
    ];
    const start = { workflowId, taskQueue: TASK_QUEUE, args: [ref, 'revision'], typedSearchAttributes };
    await this.client.workflow.start(SYNC_SOURCE, start);
    return this.client.workflow.getHandle(workflowId);
  }

  /** The owner sets the trigger, and the test nudges in the controller's place. */
  async trigger(application: Application, sync: SyncHandle, value: string): Promise<void> {
    await application.setTrigger(value);
    await sync.signal(PVC_CHANGED);
  }

  async close(): Promise<void> {
    await Promise.all(this.#folders.map((folder) => stopOwn('worker', folder)));
  }

  #operator(...args: readonly string[]): Promise<string> {
    return this.#cli('operator', ...args);
  }

  #cli(...args: readonly string[]): Promise<string> {
    return new Application(this.#world).temporalCli(...args);
  }
}
