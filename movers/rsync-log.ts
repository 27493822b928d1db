// What the scripts of rsync-tls and rsync print: rsync's own lines of progress and statistics (docs/movers/rsync-tls.md).
import type { LogLine, MoverLogFormat } from './mover.ts';

/** `failures` is VolSync's filter for the log of a failed run. */
export function rsyncLog(phase: string, failures?: (text: string) => boolean): MoverLogFormat {
  return {
    readLine: (line) => readLine(line, phase),
    keepsLine: (text) => KEPT.some((pattern) => pattern.test(text)),
    ...(failures !== undefined && { keepsFailureLine: failures }),
  };
}

const KEPT = [
  /sent [\d,]+ bytes\s+received [\d,]+ bytes/,
  /total size is/,
  /rsync completed in/i,
  /Directory is empty/,
];

// 123456 45% 12.34MB/s 0:00:12 (xfr#5, to-chk=10/200): the rest only when a file has just ended; a time may be ??:??:??.
const PROGRESS =
  /^\s*([\d,]+)\s+(\d+)%\s+([\d.]+)([kMGT]?)B\/s\s+([\d:]+|[?:]+)(?:\s+\(xfr#\d+, (?:to|ir)-chk=(\d+)\/(\d+)\))?/;
const UNITS = ['', 'k', 'M', 'G', 'T'];

function readLine(line: string, phase: string): LogLine {
  const progress = PROGRESS.exec(line);
  if (progress !== null) return { kind: 'progress', progress: progressOf(progress, phase) };
  const statistic = readStatistic(line);
  return statistic === undefined
    ? { kind: 'text', text: line }
    : { kind: 'summary', ...statistic, text: line };
}

function progressOf(found: RegExpExecArray, phase: string) {
  const [, bytes = '', percent, rate, unit = '', time = '', left, total] = found;
  return {
    phase,
    percent: Number(percent),
    bytesDone: numberOf(bytes),
    bytesPerSecond: Math.round(Number(rate) * 1024 ** UNITS.indexOf(unit)),
    ...(/\d/.test(time) && { secondsRemaining: secondsOf(time) }),
    ...(total !== undefined && { filesDone: Number(total) - Number(left), filesTotal: Number(total) }),
  };
}

function secondsOf(time: string): number {
  return time.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

function readStatistic(line: string) {
  const [, sent] = /sent ([\d,]+) bytes\s+received/.exec(line) ?? [];
  if (sent !== undefined) return { bytesAdded: numberOf(sent) };
  const [, size] = /total size is ([\d,]+)/.exec(line) ?? [];
  if (size !== undefined) return { bytes: numberOf(size) };
  const [, files] = /^Number of files: ([\d,]+)/.exec(line) ?? [];
  return files === undefined ? undefined : { files: numberOf(files) };
}

function numberOf(digits: string): number {
  return Number(digits.replaceAll(',', ''));
}
