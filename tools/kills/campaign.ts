// A whole run of kills: applications come and go, one part after the other is hit, and after each blow, as soon as all
// parts run again, every application is judged by the invariants and by its owner's own record.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { judgeNamespace } from '../judge/judge.ts';
import type { OwnLogs } from '../judge/judge.ts';
import type { OutsideWatcher } from '../judge/outside-watcher.ts';
import { executionsOf } from '../judge/scenario-runs.ts';
import { Application } from './application.ts';
import type { Field } from './application.ts';
import { endsOf } from './ends.ts';
import type { Ground } from './ground.ts';
import type { Freeze } from './owner.ts';
import { ownerVerdict } from './owner-verdict.ts';
import type { Phase } from './phases.ts';
import type { Blow } from './plan.ts';
import type { Tally } from './table.ts';

export interface CampaignOptions {
  readonly field: Field;
  readonly ground: Ground;
  readonly temporal: Client;
  readonly watcher: OutsideWatcher;
  readonly logs: OwnLogs;
  /** Namespaces that the watcher keeps a record of. */
  readonly recorded: Set<string>;
  /** The record of each namespace in which an invariant was broken goes here. */
  readonly evidenceFolder: string;
  readonly tell: (line: string) => void;
}

const AT_ONCE = 4;
/** After so many blows the oldest application is retired, and a new one takes its place. */
const ROTATE_EVERY = 3;
const BUSY_WITHIN_MS = 20_000;
const CLOSED_WITHIN_MS = 180_000;
const LOOK_AGAIN_MS = 500;

export class Campaign {
  readonly #options: CampaignOptions;
  #applications: readonly Application[] = [];
  #installed = 0;
  readonly #retiring: Promise<void>[] = [];
  readonly #violations = new Set<string>();
  readonly #blows: { blow: Blow; phases: readonly Phase[] }[] = [];
  readonly #freezes: Freeze[] = [];
  readonly #ends: string[] = [];

  constructor(options: CampaignOptions) {
    this.#options = options;
  }

  async run(blows: readonly Blow[]): Promise<Tally> {
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#install()));
    for (const blow of blows) {
      await this.#deal(blow);
      await Promise.all(this.#applications.map((application) => this.#judge(application)));
      if (blow.number % ROTATE_EVERY === 0 && blow.number < blows.length) this.#rotate();
    }
    for (const application of this.#applications) this.#retire(application);
    await Promise.all(this.#retiring);
    return {
      seed: this.#options.field.seed,
      blows: this.#blows,
      freezes: this.#freezes,
      ends: this.#ends,
      violations: [...this.#violations],
    };
  }

  async #deal(blow: Blow): Promise<void> {
    const { ground, tell } = this.#options;
    await sleep(blow.afterMs);
    await this.#busy();
    const phases = this.#applications.map((application) => application.phase());
    const began = performance.now();
    await ground.strike(blow);
    await ground.recovered();
    this.#blows.push({ blow, phases });
    const [away, back] = [blow.lastsMs, performance.now() - began].map((ms) => (ms / 1000).toFixed(1));
    const how = blow.how === 'kill' ? 'killed' : 'stalled';
    tell(
      `${blow.number}  ${blow.victim} ${how} for ${away} s, all back after ${back} s  (${phases.join(', ')})`,
    );
  }

  // A blow between syncs would say little.
  async #busy(): Promise<void> {
    const end = Date.now() + BUSY_WITHIN_MS;
    const idle = () => this.#applications.every((application) => application.phase() === 'between');
    while (idle() && Date.now() < end) await sleep(20);
  }

  async #install(): Promise<void> {
    const application = new Application(this.#options.field, this.#installed);
    this.#installed += 1;
    this.#options.recorded.add(application.namespace);
    await application.install();
    this.#applications = [...this.#applications, application];
  }

  #rotate(): void {
    const [oldest] = this.#applications;
    if (oldest !== undefined) this.#retire(oldest);
    this.#retiring.push(this.#install());
  }

  #retire(application: Application): void {
    this.#applications = this.#applications.filter((each) => each !== application);
    this.#retiring.push(this.#end(application));
  }

  async #end(application: Application): Promise<void> {
    await application.retire();
    await this.#untilClosed(application);
    const executions = await this.#judge(application);
    this.#ends.push(...(await endsOf(executions)));
    this.#freezes.push(...application.owner.freezes);
    await application.remove();
    this.#options.recorded.delete(application.namespace);
    this.#options.watcher.forget(application.namespace);
  }

  /** Every sync comes to an end. */
  async #untilClosed({ namespace }: Application): Promise<void> {
    const { temporal, watcher } = this.#options;
    const end = Date.now() + CLOSED_WITHIN_MS;
    for (;;) {
      const asked = executionsOf(temporal, namespace, watcher.recordOf(namespace).versions);
      const running = (await asked.catch(() => undefined))?.filter(({ run }) => run.closed === undefined);
      if (running?.length === 0) return;
      if (Date.now() > end) {
        const ids = running?.map(({ run }) => run.workflowId).join(', ') ?? 'a sync';
        this.#violations.add(`in ${namespace}, ${ids} does not come to an end`);
        return;
      }
      await sleep(LOOK_AGAIN_MS);
    }
  }

  async #judge(application: Application) {
    const { watcher, logs, temporal, tell } = this.#options;
    const { namespace } = application;
    const { sentences, executions, record } = await judgeNamespace({
      watcher,
      namespace,
      logs,
      exemptions: [],
      executions: (versions) => executionsOf(temporal, namespace, versions),
    });
    const all = [...sentences, ...ownerVerdict(record, application.owner.freezes)];
    const news = all.filter((sentence) => !this.#violations.has(sentence));
    for (const sentence of news) {
      this.#violations.add(sentence);
      tell(`violation: ${sentence}`);
    }
    if (news.length > 0) this.#keepEvidence(namespace, { record, freezes: application.owner.freezes });
    return executions;
  }

  #keepEvidence(namespace: string, evidence: object): void {
    const { evidenceFolder, tell } = this.#options;
    mkdirSync(evidenceFolder, { recursive: true });
    const file = join(evidenceFolder, `${namespace}.json`);
    writeFileSync(file, JSON.stringify(evidence, undefined, 1));
    tell(`evidence: ${file}`);
  }
}
