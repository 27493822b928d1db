// A pid alone does not name a process, because pids are used again. Pid, start time and boot do.
import { readFileSync } from 'node:fs';

const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** `pid start-time boot`, or undefined when there is no such process or it is a zombie. */
export function identityOf(pid: number): string | undefined {
  const stat = readStat(pid);
  return stat && `${pid} ${stat.startTime} ${bootId}`;
}

/** Whether the process that once had this identity is still running. */
export function isAlive(identity: string): boolean {
  const pid = Number(identity.split(' ', 1)[0]);
  return pid > 0 && identityOf(pid) === identity;
}

export interface ProcessStat {
  readonly parent: number;
  readonly startTime: string;
  /** Stopped by a signal, until it is continued. */
  readonly stopped: boolean;
}

/** Reads /proc/<pid>/stat; a zombie counts as gone. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The command's name may hold blanks and brackets, so the fields are counted from its last bracket. */
export function parseStat(text: string): ProcessStat | undefined {
  const [state, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const startTime = rest[17];
  if (state === 'Z' || state === 'X' || parent === undefined || startTime === undefined) return undefined;
  return { parent: Number(parent), startTime, stopped: state === 'T' };
}
