// What is measured: a system that answers ReplicationSources. Two may be measured in one run, one at a time.
import { readFileSync } from 'node:fs';
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import type { RequestCounts } from './requests.ts';
import type { SyncHistory } from './history.ts';

export interface System {
  readonly name: 'stillpoint' | 'volsync';
  /** Resolves when it is ready to work. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Requests to the API server since it was started, of all its programs. */
  requests(): Promise<RequestCounts>;
  memory(): readonly ProgramMemory[];
  /** Resolves when it has nothing more to do for the sync that asked on this pvc. */
  closed(pvc: PersistentVolumeClaim): Promise<SyncHistory | undefined>;
}

export interface ProgramMemory {
  readonly program: string;
  readonly mebibytes: number;
}

/** Resident memory of a running process. */
export function residentMebibytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}
