// Slow and failing storage, on request of a class's parameters.
//
// StorageClass:        createDelayMs  CreateVolume blocks that long
//                      failCreate     CreateVolume fails: a number of times per volume name, or `always`
//                      failDelete     DeleteVolume fails likewise
//                      rootMode       octal mode of the new volume's root folder, 0755 if not given
//                      backing        `loop`: a file system of exactly the volume's size (loop-volume.ts)
// VolumeSnapshotClass: cutDelayMs     CreateSnapshot blocks that long before the cut
//                      failCut        CreateSnapshot fails before the cut
//                      readyDelayMs   time from the cut until ready_to_use
//                      failReady      the cut succeeds; once it would be ready, the poll for it fails
//                      failDelete     DeleteSnapshot fails
// Both:                failCode       the gRPC code of these failures, INTERNAL if not given
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal, type Code } from './refusal.ts';
import type { Parameters } from './requests.ts';

export type Fault = 'failCreate' | 'failDelete' | 'failCut' | 'failReady';

/** Throws where the parameters want this attempt to fail; attempts are counted per name, across restarts. */
export type InjectFault = (fault: Fault, name: string, parameters: Parameters) => void;

export function openFaults(stateFolder: string): InjectFault {
  const file = join(stateFolder, 'attempts.json');
  const attempts: Record<string, number> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  return (fault, name, parameters) => {
    const wanted = parameters[fault];
    if (!wanted) return;
    const key = `${fault}/${name}`;
    const attempt = (attempts[key] ?? 0) + 1;
    attempts[key] = attempt;
    writeFileSync(file, JSON.stringify(attempts));
    if (wanted !== 'always' && attempt > Number(wanted)) return;
    throw new Refusal(
      codeOf(parameters['failCode']),
      `${fault}: ${wanted} makes attempt ${attempt} at ${name} fail`,
    );
  };
}

/** Sleeps as long as the parameter says; not at all without it. */
export async function delay(milliseconds: string | undefined): Promise<void> {
  if (milliseconds) await sleep(Number(milliseconds));
}

function codeOf(name: string | undefined): Code {
  return name !== undefined && name in status ? (name as Code) : 'INTERNAL';
}
