// The quiesce agent: stands beside an application and speaks its owner's side of the copy-trigger protocol
// (docs/agent.md). Configured by environment or flags (settings.ts).
import { runProgram } from '../client/program.ts';
import { createLog } from '../telemetry/log.ts';
import { connectApiServer } from './api-server.ts';
import { createDriver } from './drivers/index.ts';
import { serveHealth } from './health.ts';
import { createPvcs } from './pvcs.ts';
import { runAgent } from './run-agent.ts';
import { apiServerOf, namespaceOf, readAgentSettings } from './settings.ts';
import type { AgentSettings } from './settings.ts';
import type { AgentOptions } from './state.ts';

/** Runs in the foreground until SIGTERM. */
export function agentProgram(args: readonly string[]): Promise<void> {
  return runProgram('agent', (stop) => run(readAgentSettings(args, process.env), stop));
}

async function run(settings: AgentSettings, stop: AbortSignal): Promise<void> {
  const { tokenFile, caFile, healthHost: host, healthPort } = settings;
  const namespace = namespaceOf(settings);
  const server = connectApiServer({ address: apiServerOf(settings, process.env), tokenFile, caFile });
  const driver = await createDriver(settings);
  const log = createLog('agent', settings.logLevel).child({ namespace });
  const pvcs = createPvcs({ server, namespace, log });
  const health = await serveHealth({ host, port: healthPort }, () => server.now() !== undefined);
  log.info('agent started', { pvcs: settings.pvcs, driver: settings.driver, port: health.port });

  const options = optionsOf(settings, driver.outlivesAgent);
  await runAgent({ pvcs, driver, options, log, now: () => server.now() ?? Date.now(), stop });
  log.info('agent stopped');
  health.close();
  server.close();
}

function optionsOf(settings: AgentSettings, outlivesAgent: boolean): AgentOptions {
  const { pvcs, name, holdMs, quiesceWithinMs, apiPatienceMs, stopGraceMs, retryAfterMs } = settings;
  return {
    pvcs,
    prefix: `${name}/`,
    outlivesAgent,
    holdMs,
    quiesceWithinMs,
    ...(apiPatienceMs > 0 && { apiPatienceMs }),
    stopGraceMs,
    retryMs: retryAfterMs,
  };
}
