// Imports go down only (ARCHITECTURE.md, "Floors"): what each folder may import at run time, and what only as types.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Floor {
  readonly runtime: readonly string[];
  readonly types: readonly string[];
}

const PROCESS: Floor = {
  runtime: ['api', 'domain', 'movers', 'kubernetes', 'telemetry', 'activities', 'client', '*'],
  types: ['workflows'],
};

// `*` stands for any package and any module of Node's.
const FLOORS: Readonly<Record<string, Floor>> = {
  api: { runtime: ['zod'], types: [] },
  domain: { runtime: [], types: ['api'] },
  movers: { runtime: ['domain'], types: ['api', '@kubernetes/client-node'] },
  telemetry: { runtime: ['pino', 'prom-client', 'domain', 'node:*'], types: [] },
  kubernetes: {
    runtime: ['@kubernetes/client-node', 'undici', 'api', 'domain', 'telemetry', 'node:*'],
    types: ['pino'],
  },
  activities: {
    runtime: [
      'kubernetes',
      'movers',
      'domain',
      'api',
      '@temporalio/activity',
      '@temporalio/common',
      'node:crypto',
    ],
    types: ['telemetry', 'pino'],
  },
  workflows: {
    runtime: ['domain', '@temporalio/workflow', '@temporalio/common'],
    types: ['api', 'activities'],
  },
  worker: PROCESS,
  client: { ...PROCESS, runtime: [...PROCESS.runtime, 'agent'] }, // The CLI acts for an owner, as the agent does.
  guard: PROCESS,
  agent: {
    runtime: ['api', 'domain', 'kubernetes', 'telemetry', 'client', 'zod', 'pg', 'mysql2', 'node:*'],
    types: [],
  },
};

// Single files that may do more than their floor, each with its reason.
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  'domain/cron.ts': ['croner'], // Pure, and imported by no workflow.
  'api/settings.ts': ['domain'], // Durations become milliseconds at the border.
};

describe('the floors', () => {
  for (const [floor, allowed] of Object.entries(FLOORS)) {
    it(`${floor}/ imports only what stands below it`, () => {
      const offences = filesOf(floor).flatMap((file) => offencesOf(file, floor, allowed));
      expect(offences).toEqual([]);
    });
  }

  it('no workflow reaches zod or croner, however far down', () => {
    const reached = reachableFrom('workflows/index.ts');
    const packages = [...reached].filter((name) => !name.endsWith('.ts'));
    expect(packages.filter((name) => !name.startsWith('@temporalio/'))).toEqual([]);
  });

  it('the guard knows no Temporal, however far down', () => {
    const packages = [...reachableFrom('guard/main.ts')].filter((name) => !name.endsWith('.ts'));
    expect(packages.filter((name) => name.startsWith('@temporalio/'))).toEqual([]);
  });

  // It stands beside every application: a client library for Kubernetes alone would double its size.
  it('the agent carries no client of Kubernetes or Temporal and no metrics, and a database only when it needs one', () => {
    const packages = [...reachableFrom('agent/program.ts')].filter((name) => !/\.ts$|^node:/.test(name));
    expect(packages.toSorted()).toEqual(['pino', 'zod']);
  });

  it('no file or folder is called utils, helpers, common or misc', () => {
    const names = everything('.').filter((path) => /(^|\/)(utils?|helpers?|common|misc)(\.|\/|$)/.test(path));
    expect(names).toEqual([]);
  });

  it('no file of ours is longer than 300 lines', () => {
    const long = Object.keys(FLOORS)
      .flatMap(filesOf)
      .filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 301);
    expect(long).toEqual([]);
  });
});

function offencesOf(file: string, floor: string, allowed: Floor): readonly string[] {
  return importsOf(file)
    .map(({ from, typeOnly }) => ({ name: targetOf(file, from), typeOnly }))
    .filter(({ name, typeOnly }) => {
      if (name === floor) return false;
      const permitted = [...allowed.runtime, ...(EXCEPTIONS[file] ?? []), ...(typeOnly ? allowed.types : [])];
      return !permitted.some((entry) => matches(entry, name));
    })
    .map(({ name }) => `${file} imports ${name}`);
}

function matches(entry: string, name: string): boolean {
  if (entry === '*') return !(name in FLOORS);
  return entry === 'node:*' ? name.startsWith('node:') : entry === name;
}

// A folder of ours, or the package.
function targetOf(file: string, from: string): string {
  if (!from.startsWith('.'))
    return from.startsWith('@') ? from.split('/').slice(0, 2).join('/') : (from.split('/')[0] ?? from);
  return relative(root, join(root, dirname(file), from)).split(sep)[0] ?? '';
}

function importsOf(file: string): readonly { from: string; typeOnly: boolean }[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gms)].map(
    ([, type, from]) => ({
      from: from ?? '',
      typeOnly: type !== undefined,
    }),
  );
}

function reachableFrom(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const { from, typeOnly } of importsOf(file)) {
    if (typeOnly) continue;
    if (from.startsWith('.')) reachableFrom(relative(root, join(root, dirname(file), from)), seen);
    else seen.add(from);
  }
  return seen;
}

function filesOf(folder: string): readonly string[] {
  return everything(folder).filter((path) => path.endsWith('.ts'));
}

function everything(folder: string): readonly string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = folder === '.' ? name : `${folder}/${name}`;
    if (['node_modules', 'build', '.git'].includes(name)) return [];
    return statSync(join(root, path)).isDirectory() ? [path, ...everything(path)] : [path];
  });
}
