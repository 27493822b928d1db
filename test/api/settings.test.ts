import { describe, expect, it } from 'vitest';
import {
  ControllerSettings,
  SettingsError,
  WorkerSettings,
  readSettings,
  variablesOf,
} from '../../api/settings.ts';

describe('the settings of a process', () => {
  it('have defaults for all that need not be said', () => {
    expect(readSettings(WorkerSettings, {})).toMatchObject({
      overdueAfterMs: 600_000,
      freezeBoundMs: 600_000,
      answerVisibleMs: 30_000,
      copyHeartbeatMs: 4_000,
      moverHeartbeatMs: 30_000,
      maxCachedWorkflows: 200,
      moverImage: 'registry.local/stillpoint-mover:dev',
    });
    expect(readSettings(ControllerSettings, {})).not.toHaveProperty('temporalAddress');
  });

  it('come from the environment, durations in milliseconds', () => {
    const settings = readSettings(WorkerSettings, {
      STILLPOINT_FREEZE_BOUND: '1m30s',
      STILLPOINT_METRICS_PORT: '9464',
      HOME: '/',
    });
    expect(settings).toMatchObject({ freezeBoundMs: 90_000, metricsPort: 9464 });
    expect(settings).not.toHaveProperty('HOME');
  });

  it('take an empty variable for an absent one', () => {
    expect(readSettings(WorkerSettings, { STILLPOINT_LOG_LEVEL: '' }).logLevel).toBe('info');
  });

  it('are refused with one sentence for each variable that is wrong', () => {
    const environment = {
      STILLPOINT_FREEZE_BOUND: '1s',
      STILLPOINT_METRICS_PORT: '-1',
      STILLPOINT_LOG_LEVEL: 'loud',
    };
    const read = () => readSettings(WorkerSettings, environment);
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(
      [
        'Environment variable STILLPOINT_LOG_LEVEL is "loud", expected info, error or silent.',
        'Environment variable STILLPOINT_METRICS_PORT is "-1", expected a whole number from 0 to 65535.',
        'Environment variable STILLPOINT_FREEZE_BOUND is "1s", expected a duration such as 90s, 10m or 1h30m, at least 5s.',
      ].join('\n'),
    );
  });

  it.each([
    ['worker', WorkerSettings],
    ['controller', ControllerSettings],
  ])('of the %s are all described, each by a variable of its own', (_, schema) => {
    const variables = variablesOf(schema);
    expect(new Set(variables.map(({ name }) => name)).size).toBe(variables.length);
    for (const { description } of variables) expect(description).toMatch(/[.]$/);
  });

  it('tell their defaults as people would write them', () => {
    const [bound] = variablesOf(WorkerSettings).filter(({ name }) => name === 'STILLPOINT_FREEZE_BOUND');
    expect(bound).toMatchObject({ setting: 'freezeBoundMs', byDefault: '10m' });
  });
});
