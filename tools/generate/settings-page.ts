import {
  ControllerSettings,
  GuardSettings,
  type Variable,
  variablesOf,
  WorkerSettings,
} from '../../api/settings.ts';
import { page, table } from './markdown.ts';

/** The reference page of the environment variables of every process. */
export function settingsPage(): string {
  const worker = variablesOf(WorkerSettings);
  const controller = variablesOf(ControllerSettings);
  const inBoth = new Set(
    Object.keys(WorkerSettings.shape).filter((setting) => setting in ControllerSettings.shape),
  );
  const own = (variables: readonly Variable[]) => variables.filter(({ setting }) => !inBoth.has(setting));
  return page('api/settings.ts', [
    '# Settings',
    'The processes are set up by environment variables; an empty one counts as absent. Durations are written like `90s`, `10m` or `1h30m`.',
    '## worker and controller',
    variableTable(worker.filter(({ setting }) => inBoth.has(setting))),
    'TLS, API key and profiles of the connection to Temporal are set as for the `temporal` CLI.',
    '## worker',
    variableTable(own(worker)),
    '## controller',
    variableTable(own(controller)),
    '## guard',
    variableTable(variablesOf(GuardSettings)),
  ]);
}

function variableTable(variables: readonly Variable[]): string {
  const rows = variables.map(({ name, byDefault, description }) => [
    `\`${name}\``,
    byDefault === undefined ? '' : `\`${byDefault}\``,
    description,
  ]);
  return table(['variable', 'default', 'meaning'], rows);
}
