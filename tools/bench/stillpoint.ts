// Ours: one worker and one controller, as `npm run worker` and `npm run controller` start them.
import { join } from 'node:path';
import { ANNOTATIONS, readCopyWindow } from '../../domain/copy-trigger.ts';
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import { startOwn, stopOwn } from '../own-processes.ts';
import type { OwnProcess, Program } from '../own-processes.ts';
import { marksOf } from '../stack/processes.ts';
import { readHistory } from './history.ts';
import type { Place } from './place.ts';
import { addRequests, OUR_REQUESTS, readRequests } from './requests.ts';
import { residentMebibytes, type System } from './system.ts';

export interface Stillpoint extends System {
  /** The metrics of each of its programs, as text. */
  metrics(): Promise<readonly string[]>;
}

const PROGRAMS: readonly Program[] = ['worker', 'controller'];

export function stillpoint(place: Place): Stillpoint {
  const { temporal } = place;
  let started: readonly OwnProcess[] = [];
  const metrics = async () => {
    const pages = await Promise.all(started.map(({ metricsUrl }) => fetch(`${metricsUrl}/metrics`)));
    return Promise.all(pages.map((page) => page.text()));
  };
  return {
    name: 'stillpoint',
    metrics,
    async start() {
      started = await Promise.all(PROGRAMS.map((program) => startProgram(place, program)));
    },
    async stop() {
      await Promise.all(PROGRAMS.map((program) => stopProgram(place, program)));
      started = [];
    },
    async requests() {
      return addRequests((await metrics()).map((text) => readRequests(text, OUR_REQUESTS)));
    },
    memory: () => started.map(({ program, pid }) => ({ program, mebibytes: residentMebibytes(pid) })),
    async closed(pvc) {
      const handle = temporal.client.workflow.getHandle(runOf(pvc));
      await handle.result();
      return readHistory(await handle.fetchHistory());
    },
  };
}

/** Workflow id of the sync that asked on this pvc. */
export function runOf({ metadata }: PersistentVolumeClaim): string {
  const [run] = readCopyWindow(metadata.annotations ?? {})?.runs ?? [];
  if (run === undefined) throw new Error(`${metadata.name} names no run in ${ANNOTATIONS.copyWindow}.`);
  return run;
}

/** Several of one program go by names of their own. */
export function startProgram(
  { stack }: Place,
  program: Program,
  name: string = program,
): Promise<OwnProcess> {
  return startOwn({ program, name, folder: folderOf(stack), env: environmentOf(stack) });
}

export function stopProgram({ stack }: Place, name: string, signal?: NodeJS.Signals): Promise<void> {
  return stopOwn(name, folderOf(stack), signal);
}

function folderOf({ stateFolder }: Place['stack']): string {
  return join(stateFolder, 'bench');
}

// The marks are those by which a stack knows its processes: should this program be killed, they end with the stack.
function environmentOf({ stateFolder }: Place['stack']): Record<string, string> {
  return {
    ...marksOf(stateFolder, 'bench'),
    STILLPOINT_ANSWER_VISIBLE: '0s',
  };
}
