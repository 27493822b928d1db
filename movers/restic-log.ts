// What restic's script prints (reference VolSync §5.6): restic's JSON for progress and result, lines for people.
import { readJsonLine } from './json-log.ts';
import type { MoverLogFormat } from './mover.ts';

/** `phase` is what its progress is called in heartbeats. */
export function resticLog(phase: string): MoverLogFormat {
  return {
    readLine: (line) => readJsonLine(line, phase),
    keepsLine: (text) => KEPT.some((pattern) => pattern.test(text)),
  };
}

const KEPT = [
  /^\s*[Pp]rocessed .* files/,
  /^\s*[Ss]napshot .* saved/,
  /^\s*No eligible/,
  /^\s*[Cc]reated/,
  /^\s*[Rr]epository .* opened/,
  /^\s*[Rr]estoring/,
  /^\s*[Nn]o parent snapshot/,
  /^\s*[Uu]sing parent snapshot/,
  /^\s*[Aa]dded to the repository/,
  /^\s*[Ss]uccessfully/,
  /^\s*[Ff]atal/,
  /^\s*ERROR/,
  /^\s*[Rr]estic completed in/,
  /No data|Directory is empty|RESTORE_OPTIONS|[Ii]nitialize [Dd]ir/,
];
