import type { Log } from '../../telemetry/log.ts';

/** Does the task now and again and again, never two at once; one that fails waits for its next time. Returns the way to stop. */
export function repeatedly(task: () => Promise<void>, everyMs: number, log: Log): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const attempt = async () => {
    await task().catch((error: unknown) =>
      log.error('failed, will be tried again', { error, retryAfterMs: everyMs }),
    );
    if (!stopped) timer = setTimeout(() => void attempt(), everyMs);
  };
  void attempt();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
