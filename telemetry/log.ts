// Logs are constant messages with fields: `log.info('copy taken', { source, pvc, seconds })`. Two levels:
// `info` is what happened, `error` is what somebody should look at.
import { pino } from 'pino';
import type { DestinationStream } from 'pino';
import { redacted } from './redaction.ts';

export type Fields = Readonly<Record<string, unknown>>;
export type LogLevel = 'info' | 'error' | 'silent';

export interface Log {
  info(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A log whose lines all carry these fields. */
  child(fields: Fields): Log;
}

/** JSON lines on standard output, or on `destination`; no secret passes (see redaction.ts). */
export function createLog(component: string, level: LogLevel = 'info', destination?: DestinationStream): Log {
  const options = {
    level,
    base: { component },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  return logWith(logger, {});
}

function logWith(logger: pino.Logger, base: Fields): Log {
  const withBase = (fields: Fields | undefined): object => redacted({ ...base, ...fields });
  return {
    info: (message, fields) => logger.info(withBase(fields), message),
    error: (message, fields) => logger.error(withBase(fields), message),
    child: (fields) => logWith(logger, { ...base, ...fields }),
  };
}
