// What the environment of our processes may say, one schema each: every setting knows its variable, and
// docs/reference/settings.md is made from the descriptions. The connection to Temporal has further variables
// (TLS, API key, profiles): those of the `temporal` CLI, read by @temporalio/envconfig.
import { z } from 'zod';
import { durationMs } from '../domain/duration.ts';

export const ofEveryProcess = {
  kubeconfig: z
    .string()
    .exactOptional()
    .meta(
      variable(
        'KUBECONFIG',
        'Path of the kubeconfig. Absent: the service account of the pod, else `~/.kube/config`.',
      ),
    ),
  kubeContext: z
    .string()
    .exactOptional()
    .meta(variable('STILLPOINT_CONTEXT', 'Context of the kubeconfig. Absent: its current context.')),
  logLevel: z
    .enum(['info', 'error', 'silent'], { error: 'info, error or silent' })
    .default('info')
    .meta(
      variable(
        'STILLPOINT_LOG_LEVEL',
        'Least important log lines that are written: `info`, `error` or `silent`.',
      ),
    ),
  metricsHost: z
    .string()
    .default('127.0.0.1')
    .meta(
      variable(
        'STILLPOINT_METRICS_HOST',
        'Address of /metrics, /healthz, /livez and /readyz; `0.0.0.0` in a pod.',
      ),
    ),
  metricsPort: wholeNumber(0, { least: 0, most: 65_535 }).meta(
    variable(
      'STILLPOINT_METRICS_PORT',
      'Port of /metrics, /healthz, /livez and /readyz; `0` takes a free one and logs it.',
    ),
  ),
};

const shared = {
  temporalAddress: z
    .string()
    .exactOptional()
    .meta(
      variable(
        'TEMPORAL_ADDRESS',
        'Host and port of the Temporal frontend, such as `127.0.0.1:7233`. Absent: the profile of the `temporal` CLI, else `localhost:7233`.',
      ),
    ),
  temporalNamespace: z
    .string()
    .exactOptional()
    .meta(variable('TEMPORAL_NAMESPACE', 'Temporal namespace. Absent: that of the profile, else `default`.')),
  ...ofEveryProcess,
  neighbours: z
    .enum(['refuse', 'ignore'], { error: 'refuse or ignore' })
    .default('refuse')
    .meta(
      variable(
        'STILLPOINT_NEIGHBOURS',
        'Whether to start although the Temporal namespace serves another Kubernetes cluster, or VolSync runs in this one: `refuse` or `ignore`. Both would do the same work, and undo each other’s.',
      ),
    ),
};

const freezeBoundMs = duration('10m', '5s').meta(
  variable(
    'STILLPOINT_FREEZE_BOUND',
    'Longest time that an application stands still for one copy; then it is released and the sync fails. Per source: annotation `stillpoint.dev/freeze-bound`.',
  ),
);

export const WorkerSettings = z.object({
  ...shared,
  moverImage: z
    .string()
    .min(1, 'the name of an image')
    .default('registry.local/stillpoint-mover:dev')
    .meta(variable('STILLPOINT_MOVER_IMAGE', 'Image of the movers.')),
  overdueAfterMs: duration('10m', '1s').meta(
    variable(
      'STILLPOINT_TRIGGER_OVERDUE',
      'How long a sync waits for its trigger before it says so; it keeps waiting. Per source: annotation `stillpoint.dev/overdue-after`.',
    ),
  ),
  continueAfterMs: duration('24h', '1s').meta(
    variable(
      'STILLPOINT_CONTINUE_AFTER',
      'How long a sync whose trigger is overdue waits in one Temporal run; then it goes on as a new one, so that no history grows for ever.',
    ),
  ),
  freezeBoundMs,
  answerVisibleMs: duration('30s').meta(
    variable(
      'STILLPOINT_ANSWER_VISIBLE',
      'How long `Completed` stays readable before the next `WaitingForTrigger`, for applications that poll.',
    ),
  ),
  readyPatienceMs: duration('10m', '1s').meta(
    variable(
      'STILLPOINT_READY_PATIENCE',
      'How long a snapshot may report an error after its cut before it counts as lost and the sync fails; the application runs meanwhile.',
    ),
  ),
  copyHeartbeatMs: duration('4s', '1s').meta(
    variable(
      'STILLPOINT_COPY_HEARTBEAT',
      'How long a worker may be silent while an application stands still, before another one takes over.',
    ),
  ),
  moverHeartbeatMs: duration('30s', '1s').meta(
    variable(
      'STILLPOINT_MOVER_HEARTBEAT',
      'How long a worker may be silent while a mover runs, before another one takes over.',
    ),
  ),
  moverAttempts: wholeNumber(5, { least: 1, most: 100 }).meta(
    variable(
      'STILLPOINT_MOVER_ATTEMPTS',
      'How often a mover is started for one copy before the sync fails; once only where a retry cannot help. A worker that dies does not count.',
    ),
  ),
  moverRetryMs: duration('10s', '1s').meta(
    variable(
      'STILLPOINT_MOVER_RETRY',
      'From the failure of a mover to its second attempt; doubles with each further one, up to 10m.',
    ),
  ),
  moverDeadlineMs: duration('24h', '10s').meta(
    variable(
      'STILLPOINT_MOVER_DEADLINE',
      'How long carrying one copy away may take, all attempts together; then the Job is removed, the sync fails, and the next one takes a new copy. Per source: annotation `stillpoint.dev/mover-deadline`.',
    ),
  ),
  moverPendingMs: duration('1h', '5s').meta(
    variable(
      'STILLPOINT_MOVER_PENDING',
      'How long a mover’s pod may take to start, for want of a node, an image, a volume or a Secret; then the sync fails. Why it waits is said after a minute. Per source: annotation `stillpoint.dev/mover-pending`.',
    ),
  ),
  maxCachedWorkflows: wholeNumber(200, { least: 0, most: 1_000_000 }).meta(
    variable(
      'STILLPOINT_MAX_CACHED_WORKFLOWS',
      'Waiting syncs that a worker keeps in memory, about 0.4 MiB each; others are replayed when something happens.',
    ),
  ),
  maxActivities: wholeNumber(200, { least: 1, most: 10_000 }).meta(
    variable(
      'STILLPOINT_MAX_ACTIVITIES',
      'Steps of syncs that one worker runs at once, those of movers not counted.',
    ),
  ),
  maxMovers: wholeNumber(1000, { least: 1, most: 10_000 }).meta(
    variable(
      'STILLPOINT_MAX_MOVERS',
      'Movers that one worker follows at once; a destination that waits for its sender occupies one.',
    ),
  ),
  buildId: z
    .string()
    .exactOptional()
    .meta(
      variable(
        'STILLPOINT_BUILD_ID',
        'Version of this worker in its Temporal worker deployment: syncs stay on the version that they began with, and new ones begin on the current one (`temporal worker deployment set-current-version`). Absent: any worker serves any sync.',
      ),
    ),
  deploymentName: z
    .string()
    .default('stillpoint')
    .meta(
      variable(
        'STILLPOINT_DEPLOYMENT',
        'Name of the Temporal worker deployment that versions of the worker belong to; without a build id it has no effect.',
      ),
    ),
  shutdownGraceMs: duration('10s').meta(
    variable(
      'STILLPOINT_SHUTDOWN_GRACE',
      'How long activities may take to hand over after SIGTERM; keep it below the grace period of the pod.',
    ),
  ),
  sdkMetricsAddress: z
    .string()
    .exactOptional()
    .meta(
      variable(
        'STILLPOINT_SDK_METRICS_ADDRESS',
        'Host and port where the Temporal SDK serves its own metrics, such as `0.0.0.0:9465`. Absent: it does not.',
      ),
    ),
});
export type WorkerSettings = Readonly<z.infer<typeof WorkerSettings>>;

export const ControllerSettings = z.object({
  ...shared,
  concurrentReconciles: wholeNumber(16, { least: 1, most: 1_000 }).meta(
    variable('STILLPOINT_CONCURRENT_RECONCILES', 'Sources that are compared with Temporal at the same time.'),
  ),
  sweepEveryMs: duration('10m', '1s').meta(
    variable(
      'STILLPOINT_SWEEP_EVERY',
      'How often all schedules are listed, to find those whose source is gone and sources that lack theirs.',
    ),
  ),
});
export type ControllerSettings = Readonly<z.infer<typeof ControllerSettings>>;

/** The guard knows no Temporal. */
export const GuardSettings = z.object({ ...ofEveryProcess, freezeBoundMs });
export type GuardSettings = Readonly<z.infer<typeof GuardSettings>>;

/** What worker and controller both know. */
export type SharedSettings = Pick<WorkerSettings & ControllerSettings, keyof typeof shared>;

/** The environment of this process is wrong: one sentence for each variable, on a line of its own. */
export class SettingsError extends Error {}

/** Throws SettingsError. An empty variable counts as absent. */
export function readSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Readonly<Record<string, string | undefined>>,
): z.infer<z.ZodObject<Shape>> {
  const variables = variablesOf(schema);
  const values = variables.flatMap(({ setting, name }) =>
    environment[name] ? [[setting, environment[name]]] : [],
  );
  const parsed = schema.safeParse(Object.fromEntries(values));
  if (parsed.success) return parsed.data;
  const sentences = parsed.error.issues.map(({ path, message }) => {
    const name = variables.find(({ setting }) => setting === path[0])?.name ?? path.join('.');
    return `Environment variable ${name} is ${JSON.stringify(environment[name])}, expected ${message}.`;
  });
  throw new SettingsError(sentences.join('\n'));
}

export interface Variable {
  readonly setting: string;
  readonly name: string;
  readonly description: string;
  /** As one would write it; undefined for an optional variable. */
  readonly byDefault: string | undefined;
}

/** The variables of a process, in the order of its schema: the reference page is made from this. */
export function variablesOf(schema: z.ZodObject): readonly Variable[] {
  return Object.entries(schema.shape).map(([setting, field]) => {
    const { variable: name, description = '' } = field.meta() ?? {};
    if (typeof name !== 'string') throw new Error(`The setting ${setting} names no environment variable.`);
    return { setting, name, description, byDefault: defaultOf(field) };
  });
}

function defaultOf(field: z.ZodType): string | undefined {
  const inner = field instanceof z.ZodPipe ? field.in : field;
  return inner instanceof z.ZodDefault ? String(inner.def.defaultValue) : undefined;
}

export function variable(name: string, description: string) {
  return { variable: name, description };
}

export function duration(byDefault: string, atLeast = '0s') {
  const least = durationMs(atLeast) ?? 0;
  return z
    .string()
    .default(byDefault)
    .transform((text, context) => {
      const milliseconds = durationMs(text);
      if (milliseconds !== undefined && milliseconds >= least) return milliseconds;
      context.addIssue(`a duration such as 90s, 10m or 1h30m${least > 0 ? `, at least ${atLeast}` : ''}`);
      return z.NEVER;
    });
}

function wholeNumber(byDefault: number, range: { least: number; most: number }) {
  return z
    .string()
    .default(String(byDefault))
    .transform((text, context) => {
      const value = Number(text);
      if (/^\d+$/.test(text) && value >= range.least && value <= range.most) return value;
      context.addIssue(`a whole number from ${range.least} to ${range.most}`);
      return z.NEVER;
    });
}
