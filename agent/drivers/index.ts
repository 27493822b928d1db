import { required } from '../settings.ts';
import type { AgentSettings } from '../settings.ts';
import { commandDriver } from './command.ts';
import type { Driver } from './driver.ts';
import { httpDriver } from './http.ts';

/** Throws SettingsError where a setting is missing. What only one driver needs is loaded for that one. */
export async function createDriver(settings: AgentSettings): Promise<Driver> {
  switch (settings.driver) {
    case 'command':
      return commandDriver({
        quiesce: required(settings, 'quiesceCommand'),
        unquiesce: required(settings, 'unquiesceCommand'),
      });
    case 'http':
      return httpDriver({
        quiesce: required(settings, 'quiesceUrl'),
        unquiesce: required(settings, 'unquiesceUrl'),
      });
    case 'postgres':
      return (await import('./postgres.ts')).postgresDriver(listOf(settings.databases));
    case 'mysql':
      return (await import('./mysql.ts')).mysqlDriver();
    case 'fsfreeze':
      return (await import('./fsfreeze.ts')).fsfreezeDriver(listOf(required(settings, 'mounts')));
  }
}

function listOf(text = ''): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
