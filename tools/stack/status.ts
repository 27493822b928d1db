import { readFileSync } from 'node:fs';
import { layoutOf } from './layout.ts';
import { familyOf, processesOf, type Family, type MarkedProcess } from './processes.ts';
import { serviceNames } from './services/names.ts';

export interface ServiceStatus {
  readonly service: string;
  readonly state: 'up' | 'down' | 'paused';
  readonly pid?: number;
  /** Resident memory of all of its processes. */
  readonly memoryMebibytes: number;
}

/** Every service of the stack; all are down when there is no such stack. */
export function stackStatus(name: string): ServiceStatus[] {
  const processes = processesOf(layoutOf(name));
  return serviceNames.map((service) => {
    const family = familyOf(service, processes);
    return {
      service,
      state: stateOf(family),
      ...(family.main && { pid: family.main.pid }),
      memoryMebibytes: family.all.reduce((sum, each) => sum + residentMebibytes(each), 0),
    };
  });
}

function stateOf({ main }: Family): ServiceStatus['state'] {
  if (!main) return 'down';
  return main.stopped ? 'paused' : 'up';
}

function residentMebibytes({ pid }: MarkedProcess): number {
  try {
    const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) / 1024;
  } catch {
    return 0; // It has ended meanwhile.
  }
}

/** The table that people read, with a total at its end. */
export function statusTable(rows: readonly ServiceStatus[]): string {
  const total = rows.reduce((sum, row) => sum + row.memoryMebibytes, 0);
  const up = rows.filter((row) => row.state === 'up').length;
  return [
    tableLine(['SERVICE', 'STATE', 'PID', 'MEMORY MiB']),
    ...rows.map((row) =>
      tableLine([row.service, row.state, `${row.pid ?? '–'}`, row.memoryMebibytes.toFixed(0)]),
    ),
    tableLine(['total', `${up}/${rows.length} up`, '', total.toFixed(0)]),
  ].join('\n');
}

function tableLine([service, state, pid, mebibytes]: readonly [string, string, string, string]): string {
  return `${service.padEnd(26)}${state.padEnd(8)}${pid.padStart(8)}${mebibytes.padStart(12)}`;
}
