import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csiSanity } from '../../tools/stack/binaries.ts';
import { scratchFolder, startDriver, type RunningDriver } from '../tools/running-driver.ts';

const MINUTES = 60_000;
const folder = scratchFolder();
let sanity: string;
let driver: RunningDriver;

beforeAll(async () => {
  sanity = await csiSanity(console.error);
  driver = await startDriver(folder.path);
}, 20 * MINUTES);

afterAll(async () => {
  await driver.stop();
  folder.remove();
});

describe('the CSI test driver', () => {
  it('passes csi-sanity', { timeout: 5 * MINUTES }, async () => {
    const printed = await runSanity();
    const [, passed, failed] = /(\d+) Passed.*? (\d+) Failed/.exec(printed) ?? [];
    expect(Number(failed), printed).toBe(0);
    expect(Number(passed)).toBeGreaterThan(50);
  });
});

/** What csi-sanity printed, whether or not it was content. */
function runSanity(): Promise<string> {
  const flags = [
    `--csi.endpoint=unix://${driver.endpoint}`,
    `--csi.mountdir=${join(folder.path, 'target')}`,
    `--csi.stagingdir=${join(folder.path, 'staging')}`,
    '--ginkgo.no-color',
  ];
  return new Promise((resolve) => {
    execFile(sanity, flags, { maxBuffer: 64 * 2 ** 20 }, (_error, printed) => resolve(printed));
  });
}
