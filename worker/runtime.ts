// The SDK's own log lines and metrics, in the form of ours.
import { Runtime } from '@temporalio/worker';
import type { Logger, LogMetadata } from '@temporalio/worker';
import type { WorkerSettings } from '../api/settings.ts';
import type { Log } from '../telemetry/log.ts';

/** Before anything else of the SDK is used. Signals stay with us (client/program.ts). */
export function installRuntime({ sdkMetricsAddress }: WorkerSettings, log: Log): void {
  Runtime.install({
    logger: sdkLogger(log.child({ part: 'temporal' })),
    shutdownSignals: [],
    telemetryOptions: {
      ...(sdkMetricsAddress !== undefined && {
        metrics: { prometheus: { bindAddress: sdkMetricsAddress, useSecondsForDurations: true } },
      }),
    },
  });
}

// Two levels: warnings of the SDK are failed attempts, which somebody should look at.
function sdkLogger(log: Log): Logger {
  const info = (message: string, fields?: LogMetadata) => log.info(message, fields);
  const error = (message: string, fields?: LogMetadata) => log.error(message, fields);
  const drop = () => {};
  return {
    log: (level, message, fields) => (level === 'INFO' ? info : error)(message, fields),
    trace: drop,
    debug: drop,
    info,
    warn: error,
    error,
  };
}
