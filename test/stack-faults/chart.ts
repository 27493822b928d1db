// Stillpoint as people install it: the real images, built from their Dockerfiles, run as pods of the stack's cluster
// under the chart's own accounts, with the stack's Temporal.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { stillpointImages } from '../../tools/images.ts';
import { helm } from '../../tools/stack/binaries.ts';
import { importImages } from '../../tools/stack/image-import.ts';
import { inside, layoutOf } from '../../tools/stack/layout.ts';
import { run } from '../../tools/stack/shell.ts';
import { toolchain } from '../../tools/stack/toolchain.ts';

export const NAMESPACE = 'stillpoint-chart';
export const RELEASE = 'stillpoint';
const STACK_NAME = process.env['STILLPOINT_TEST_STACK'] ?? 'test';
export const chartFolder = join(import.meta.dirname, '../../deploy/helm/stillpoint');

/** What the tests' own processes are told, too (test/stack/global-setup.ts). */
const VALUES = [
  '--set=image=registry.local/stillpoint-worker:dev',
  '--set=moverImage=registry.local/stillpoint-mover:dev',
  `--set=temporal.address=${inside.temporal.host}:${inside.temporal.port}`,
  '--set-string=worker.settings.STILLPOINT_ANSWER_VISIBLE=1s',
  // On a busy machine the little that the chart asks for is too little to start with.
  ...['worker', 'controller', 'guard'].map((name) => `--set-string=${name}.resources.requests.cpu=150m`),
];

export class Chart {
  readonly #folder = mkdtempSync(join(tmpdir(), 'stillpoint-helm-'));
  #helm = '';

  /** Builds the image of the worker and brings it to the node. */
  async prepare(): Promise<void> {
    this.#helm = await helm(console.error);
    const images = await stillpointImages(console.error, { worker: true });
    await importImages(layoutOf(STACK_NAME), await toolchain(console.error), images);
  }

  /** Waits until every pod is ready. */
  async install(...values: readonly string[]): Promise<string> {
    return this.#run(
      'upgrade',
      '--install',
      RELEASE,
      chartFolder,
      ...VALUES,
      ...values,
      '--wait',
      '--timeout=10m',
    );
  }

  async upgrade(...values: readonly string[]): Promise<string> {
    return this.#run('upgrade', RELEASE, chartFolder, ...VALUES, ...values, '--wait', '--timeout=10m');
  }

  /** What Helm and our own part of it say. */
  async uninstall(): Promise<string> {
    return this.#run('uninstall', RELEASE, '--wait', '--timeout=10m');
  }

  /** Whatever a failed test has left: its policies would judge what the next tests write. */
  async remove(): Promise<void> {
    await this.#run('uninstall', RELEASE, '--no-hooks', '--ignore-not-found', '--wait', '--timeout=5m');
  }

  async template(...values: readonly string[]): Promise<string> {
    return this.#run('template', RELEASE, chartFolder, ...VALUES, ...values);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(...args: readonly string[]): Promise<string> {
    const home = (part: string) => join(this.#folder, part);
    const environment = {
      ...process.env,
      KUBECONFIG: inject('stack').kubeconfig,
      HELM_CACHE_HOME: home('cache'),
      HELM_CONFIG_HOME: home('config'),
      HELM_DATA_HOME: home('data'),
    };
    // What hooks say, Helm says on its standard error.
    const both = ['-c', 'exec "$0" "$@" 2>&1', this.#helm];
    return run('sh', [...both, ...args, `--namespace=${NAMESPACE}`], { environment });
  }
}
