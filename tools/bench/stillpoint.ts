// Ours: one worker and one controller, as `npm run worker` and `npm run controller` start them.
import { join } from 'node:path';
import { ANNOTATIONS, readCopyWindow } from '../../domain/copy-trigger.ts';
import { startOwn, stopOwn } from '../own-processes.ts';
import type { OwnProcess, Program } from '../own-processes.ts';
import { readHistory } from './history.ts';
import type { Place } from './place.ts';
import { addRequests, OUR_REQUESTS, readRequests } from './requests.ts';
import { residentMebibytes, type System } from './system.ts';

const PROGRAMS: readonly Program[] = ['worker', 'controller'];

export function stillpoint({ stack, temporal }: Place): System {
  const folder = join(stack.stateFolder, 'bench');
  let started: readonly OwnProcess[] = [];
  return {
    name: 'stillpoint',
    async start() {
      started = await Promise.all(
        PROGRAMS.map((program) => startOwn({ program, folder, env: environmentOf(stack) })),
      );
    },
    async stop() {
      await Promise.all(PROGRAMS.map((program) => stopOwn(program, folder)));
      started = [];
    },
    async requests() {
      const pages = await Promise.all(started.map(({ metricsUrl }) => fetch(`${metricsUrl}/metrics`)));
      const texts = await Promise.all(pages.map((page) => page.text()));
      return addRequests(texts.map((text) => readRequests(text, OUR_REQUESTS)));
    },
    memory: () => started.map(({ program, pid }) => ({ program, mebibytes: residentMebibytes(pid) })),
    async closed(pvc) {
      const [run] = readCopyWindow(pvc.metadata.annotations ?? {})?.runs ?? [];
      if (run === undefined)
        throw new Error(`${pvc.metadata.name} names no run in ${ANNOTATIONS.copyWindow}.`);
      const handle = temporal.client.workflow.getHandle(run);
      await handle.result();
      return readHistory(await handle.fetchHistory());
    },
  };
}

// The marks are those by which a stack knows its processes: should this program be killed, they end with the stack.
function environmentOf({ stateFolder }: Place['stack']): Record<string, string> {
  return {
    STILLPOINT_STACK: stateFolder,
    STILLPOINT_SERVICE: 'bench',
    STILLPOINT_MAIN: '1',
    STILLPOINT_ANSWER_VISIBLE: '0s',
  };
}
