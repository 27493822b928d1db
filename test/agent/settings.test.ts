import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AgentSettings, apiServerOf, readAgentSettings, required } from '../../agent/settings.ts';
import { variablesOf } from '../../api/settings.ts';

const PVCS = { STILLPOINT_AGENT_PVCS: 'data-pvc' };

describe('the settings of the agent', () => {
  it('are read from the environment', () => {
    const settings = readAgentSettings([], {
      STILLPOINT_AGENT_PVCS: 'data, log',
      STILLPOINT_AGENT_HOLD: '90s',
      STILLPOINT_AGENT_DRIVER: 'postgres',
    });
    expect(settings).toMatchObject({ pvcs: ['data', 'log'], holdMs: 90_000, driver: 'postgres' });
  });

  it('are read from flags, which count more', () => {
    const settings = readAgentSettings(['--hold', '30s', '--quiesce-command=true'], {
      ...PVCS,
      STILLPOINT_AGENT_HOLD: '90s',
    });
    expect(settings).toMatchObject({ holdMs: 30_000, quiesceCommand: 'true' });
  });

  it.each([
    [[], {}, /^Environment variable STILLPOINT_AGENT_PVCS is undefined, expected the names of the pvcs/],
    [[], { STILLPOINT_AGENT_PVCS: 'Not A Name' }, /STILLPOINT_AGENT_PVCS is "Not A Name"/],
    [
      ['--hold=1s'],
      PVCS,
      /STILLPOINT_AGENT_HOLD is .*, expected a duration such as 90s, 10m or 1h30m, at least 5s\.$/,
    ],
    [
      ['--driver=oracle'],
      PVCS,
      /STILLPOINT_AGENT_DRIVER .* expected command, http, postgres, mysql or fsfreeze\.$/,
    ],
    [['--unknown'], PVCS, /unknown/],
  ])('are refused in one sentence (%#)', (args, environment, sentence) => {
    expect(() => readAgentSettings(args, environment)).toThrow(sentence);
  });

  it('name what a driver lacks', () => {
    const settings = readAgentSettings([], PVCS);
    expect(() => required(settings, 'quiesceCommand')).toThrow(
      'The driver command needs the environment variable STILLPOINT_AGENT_QUIESCE_COMMAND.',
    );
  });

  it('stand all on the page about the agent', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/agent.md'), 'utf8');
    const names = variablesOf(AgentSettings).map(({ name }) => name);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('find the API server of the pod, with an address of either version of IP', () => {
    const settings = readAgentSettings([], PVCS);
    const pod = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '6443' };
    expect(apiServerOf(settings, pod)).toBe('https://10.0.0.1:6443');
    expect(apiServerOf(settings, { KUBERNETES_SERVICE_HOST: 'fd00::1' })).toBe('https://[fd00::1]:443');
    expect(() => apiServerOf(settings, {})).toThrow(/runs in no pod/);
  });
});
