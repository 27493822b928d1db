// The programs of the stack that are built from Go modules: each module is one part of the cache.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { helmModule, sanityModule, stackModules, type GoModule } from './go-modules.ts';
import { requireGo } from './prerequisites.ts';
import { reporting } from './progress.ts';
import { run, type Say } from './shell.ts';

const sources = join(import.meta.dirname, 'binaries');
const definitionsFolder = 'snapshot-definitions';

export interface Binaries {
  readonly programs: readonly string[];
  /** Where a program is, by its name. */
  readonly pathOf: (program: string) => string;
  /** A folder with the definitions of VolumeSnapshot and its relatives. */
  readonly snapshotDefinitions: string;
}

/** All programs that a stack runs, built on first use. */
export async function binaries(say: Say): Promise<Binaries> {
  const programs = stackModules.flatMap((module) => module.programs);
  const folders = new Map<string, string>();
  let before = 0;
  for (const module of stackModules) {
    const folder = await built(module, { before, total: programs.length, say });
    for (const program of module.programs) folders.set(program, folder);
    before += module.programs.length;
  }
  const folderOf = (program: string) => {
    const folder = folders.get(program);
    if (folder === undefined) throw new Error(`No module in tools/stack/go-modules.ts builds ${program}.`);
    return folder;
  };
  return {
    programs,
    pathOf: (program) => join(folderOf(program), program),
    snapshotDefinitions: join(folderOf('snapshot-controller'), definitionsFolder),
  };
}

/** The conformance tests of CSI drivers, built on first use. */
export async function csiSanity(say: Say): Promise<string> {
  return join(await built(sanityModule, { before: 0, total: 1, say }), 'csi-sanity');
}

/** Helm, built on first use. */
export async function helm(say: Say): Promise<string> {
  return join(await built(helmModule, { before: 0, total: 1, say }), 'helm');
}

interface Course {
  readonly total: number;
  readonly before: number;
  readonly say: Say;
}

function built(module: GoModule, { before, total, say }: Course): Promise<string> {
  const { part, linkerFlags = '', packages = '', install = '' } = module;
  return cached({
    part,
    madeFrom: [process.arch, linkerFlags, packages, install, ...sourceTexts(module)],
    say,
    make: (target) => {
      requireGo();
      const line = (passed: string) =>
        buildLine(module, programsIn(module, target), { before, total, passed });
      return reporting({ say, line }, build(module, target));
    },
  });
}

function sourceTexts(module: GoModule): string[] {
  if (module.install !== undefined) return [];
  const folder = join(sources, module.part);
  return readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}

function programsIn(module: GoModule, target: string): string[] {
  const files = readdirSync(target);
  return module.programs.filter((program) => files.includes(program));
}

/** `building kubelet and 3 more … 6 of 14 done, usually 8 minutes, 2:31 so far` */
export function buildLine(
  module: GoModule,
  finished: readonly string[],
  at: { before: number; total: number; passed: string },
): string {
  const [next = module.part, ...others] = module.programs.filter((program) => !finished.includes(program));
  const names = others.length > 0 ? `${next} and ${others.length} more` : next;
  const usual = `usually ${module.usualMinutes} minute${module.usualMinutes === 1 ? '' : 's'}`;
  return `building ${names} … ${at.before + finished.length} of ${at.total} done, ${usual}, ${at.passed} so far`;
}

async function build(module: GoModule, target: string): Promise<void> {
  const environment = { ...process.env, CGO_ENABLED: '0' };
  const flags = ['-trimpath', '-ldflags', ['-s', '-w', module.linkerFlags ?? ''].join(' ').trim()];
  if (module.install !== undefined) {
    await run('go', ['install', ...flags, module.install], {
      environment: { ...environment, GOBIN: target },
    });
    return;
  }
  const folder = join(sources, module.part);
  const [program, ...others] = module.programs;
  const output = program !== undefined && others.length === 0 ? join(target, program) : `${target}/`;
  await run('go', ['build', ...flags, '-o', output, module.packages ?? '.'], { folder, environment });
  if (module.part === 'kubernetes') await copySnapshotDefinitions(folder, join(target, definitionsFolder));
}

async function copySnapshotDefinitions(folder: string, copies: string): Promise<void> {
  const client = 'github.com/kubernetes-csi/external-snapshotter/client/v8';
  const source = (await run('go', ['list', '-m', '-f', '{{.Dir}}', client], { folder })).trim();
  mkdirSync(copies);
  for (const kind of ['volumesnapshots', 'volumesnapshotcontents', 'volumesnapshotclasses'])
    await run('cp', [join(source, 'config/crd', `snapshot.storage.k8s.io_${kind}.yaml`), copies]);
}
