// What the agent can be told, by environment or by flag: STILLPOINT_AGENT_QUIESCE_COMMAND is --quiesce-command. The
// connection to a database has the variables of its own client (PGHOST, PGPASSWORD, …; see docs/agent.md).
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import {
  SettingsError,
  duration,
  ofEveryProcess,
  readSettings,
  variable,
  variablesOf,
} from '../api/settings.ts';

const PREFIX = 'STILLPOINT_AGENT_';
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
export const DRIVERS = ['command', 'http', 'postgres', 'mysql', 'fsfreeze'] as const;

const text = (name: string, description: string) =>
  z
    .string()
    .exactOptional()
    .meta(variable(`${PREFIX}${name}`, description));

export const AgentSettings = z.object({
  pvcs: z
    .string({ error: 'the names of the pvcs, separated by commas' })
    .transform((names) => names.split(',').map((name) => name.trim()))
    .refine((names) => names.every((name) => /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)), {
      error: 'the names of the pvcs, separated by commas',
    })
    .meta(
      variable(`${PREFIX}PVCS`, 'Names of the pvcs that the application writes to, separated by commas.'),
    ),
  namespace: text('NAMESPACE', 'Namespace of the pvcs. Absent: that of the pod.'),
  driver: z
    .enum(DRIVERS, { error: DRIVERS.join(', ').replace(/, (\w+)$/, ' or $1') })
    .default('command')
    .meta(
      variable(
        `${PREFIX}DRIVER`,
        'How the application is quiesced: `command`, `http`, `postgres`, `mysql` or `fsfreeze`.',
      ),
    ),
  quiesceCommand: text(
    'QUIESCE_COMMAND',
    'Driver `command`: shell command after which the application stands still.',
  ),
  unquiesceCommand: text(
    'UNQUIESCE_COMMAND',
    'Driver `command`: shell command that lets it go; it is also run at each start, and again until it succeeds.',
  ),
  quiesceUrl: text('QUIESCE_URL', 'Driver `http`: address that is called with POST.'),
  unquiesceUrl: text(
    'UNQUIESCE_URL',
    'Driver `http`: address that is called with POST, also at each start, and again until it succeeds.',
  ),
  databases: text(
    'DATABASES',
    'Driver `postgres`: the databases that are written to, separated by commas. Absent: `PGDATABASE`.',
  ),
  mounts: text('MOUNTS', 'Driver `fsfreeze`: where the volumes are mounted, separated by commas.'),
  name: z
    .string()
    .regex(/^[\w.-]{1,63}$/, 'up to 63 letters, digits, dots, dashes and underscores')
    .default('agent')
    .meta(
      variable(`${PREFIX}NAME`, 'Begins every trigger of this agent; two agents of one pvc need two names.'),
    ),
  holdMs: duration('1m', '5s').meta(
    variable(
      `${PREFIX}HOLD`,
      'Longest time from the beginning of a quiesce until the application is let go, whatever happens. The promise behind a trigger ends with it.',
    ),
  ),
  quiesceWithinMs: duration('30s', '1s').meta(
    variable(`${PREFIX}QUIESCE_WITHIN`, 'How long one quiesce, or one attempt of an unquiesce, may take.'),
  ),
  apiPatienceMs: duration('0s').meta(
    variable(
      `${PREFIX}API_PATIENCE`,
      'How long the API server may be silent while the application stands still. `0s`: until the end of the hold, so that no promise is broken.',
    ),
  ),
  stopGraceMs: duration('20s').meta(
    variable(
      `${PREFIX}STOP_GRACE`,
      'How long after SIGTERM an accepted trigger is waited for; keep it below the grace period of the pod.',
    ),
  ),
  retryAfterMs: duration('1m', '1s').meta(
    variable(
      `${PREFIX}RETRY_AFTER`,
      'Pause after a freeze for which no copy came; doubles with each further one, up to 15m.',
    ),
  ),
  apiServer: text('API_SERVER', 'Address of the API server. Absent: that of the pod’s cluster.'),
  tokenFile: z
    .string()
    .default(`${SERVICE_ACCOUNT}/token`)
    .meta(variable(`${PREFIX}TOKEN_FILE`, 'The token of the service account; read again for each request.')),
  caFile: z
    .string()
    .default(`${SERVICE_ACCOUNT}/ca.crt`)
    .meta(variable(`${PREFIX}CA_FILE`, 'The certificate of the API server’s authority.')),
  logLevel: ofEveryProcess.logLevel,
  healthHost: ofEveryProcess.metricsHost,
  healthPort: ofEveryProcess.metricsPort,
});
export type AgentSettings = Readonly<z.infer<typeof AgentSettings>>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws SettingsError. A flag counts more than its variable. */
export function readAgentSettings(args: readonly string[], environment: Environment): AgentSettings {
  return readSettings(AgentSettings, { ...environment, ...variablesIn(args) });
}

/** Where the API server is, for a process in a pod or as told. */
export function apiServerOf({ apiServer }: AgentSettings, environment: Environment): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  if (apiServer !== undefined) {
    if (URL.canParse(apiServer)) return apiServer;
    throw new SettingsError(
      `Environment variable ${PREFIX}API_SERVER is "${apiServer}", expected an address such as https://10.0.0.1:6443.`,
    );
  }
  if (host === undefined)
    throw new SettingsError(
      `The agent runs in no pod: set ${PREFIX}API_SERVER, ${PREFIX}TOKEN_FILE and ${PREFIX}CA_FILE.`,
    );
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function namespaceOf({ namespace }: AgentSettings): string {
  if (namespace !== undefined) return namespace;
  const file = `${SERVICE_ACCOUNT}/namespace`;
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  throw new SettingsError(`The agent runs in no pod: set ${PREFIX}NAMESPACE.`);
}

/** What a driver cannot do without. */
export function required(
  settings: AgentSettings,
  name: 'quiesceCommand' | 'unquiesceCommand' | 'quiesceUrl' | 'unquiesceUrl' | 'mounts',
): string {
  const value = settings[name];
  if (value !== undefined) return value;
  const wanted = variablesOf(AgentSettings).find(({ setting }) => setting === name);
  throw new SettingsError(
    `The driver ${settings.driver} needs the environment variable ${wanted?.name ?? name}.`,
  );
}

function variablesIn(args: readonly string[]): Environment {
  const flags = variablesOf(AgentSettings).filter(({ name }) => name.startsWith(PREFIX));
  const nameOf = (variableName: string) =>
    variableName.slice(PREFIX.length).toLowerCase().replaceAll('_', '-');
  try {
    const options = Object.fromEntries(flags.map(({ name }) => [nameOf(name), { type: 'string' as const }]));
    const { values } = parseArgs({ args: [...args], options });
    return Object.fromEntries(
      flags
        .map(({ name }) => [name, values[nameOf(name)]] as const)
        .filter(([, value]) => value !== undefined),
    );
  } catch (error) {
    throw new SettingsError(error instanceof Error ? error.message : String(error));
  }
}
