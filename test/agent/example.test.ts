import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { AgentSettings, readAgentSettings } from '../../agent/settings.ts';
import { variablesOf } from '../../api/settings.ts';

const folder = join(import.meta.dirname, '../../examples/agent');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

interface Sidecar {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string;
        readonly terminationGracePeriodSeconds: number;
        readonly initContainers: readonly {
          readonly env: readonly { readonly name: string; readonly value: string }[];
        }[];
      };
    };
  };
}

describe('examples/agent', () => {
  const { spec } = (parse(read('sidecar.yaml')) as Sidecar).spec.template;
  const environment = Object.fromEntries(
    (spec.initContainers[0]?.env ?? []).map(({ name, value }) => [name, value]),
  );

  it('uses settings that there are, and that the agent accepts', () => {
    const known = variablesOf(AgentSettings).map(({ name }) => name);
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    expect(readAgentSettings([], environment)).toMatchObject({ pvcs: ['data-pvc'], driver: 'command' });
  });

  it('gives the agent more time to end than it takes', () => {
    const { stopGraceMs } = readAgentSettings([], environment);
    expect(spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(stopGraceMs);
  });

  it('gives the agent rights on the pvc that it watches, and on no other', () => {
    const role = parseAllDocuments(read('rights.yaml')).map(
      (document) => document.toJS() as Record<string, unknown>,
    );
    expect(role.find(({ kind }) => kind === 'Role')?.['rules']).toEqual([
      {
        apiGroups: [''],
        resources: ['persistentvolumeclaims'],
        resourceNames: [environment['STILLPOINT_AGENT_PVCS']],
        verbs: ['get', 'list', 'watch', 'patch'],
      },
    ]);
  });
});
