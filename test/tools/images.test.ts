import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mover, worker, workerFiles, workerFolders } from '../../tools/images/recipes.ts';

const root = join(import.meta.dirname, '../..');
const dockerfiles = globSync(['images/*/Dockerfile', 'tools/images/*/Dockerfile'], { cwd: root });

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

describe('the images', () => {
  it.each(dockerfiles)('%s builds where there is no registry', (dockerfile) => {
    const text = read(dockerfile);
    expect(text).not.toMatch(/^#\s*syntax\s*=/im); // BuildKit would fetch its front end.
    expect(text).not.toContain('@sha256:'); // A base that is made locally has another digest.
    const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    const stages = [...text.matchAll(/^FROM \S+ AS (\S+)/gm)].map(([, stage]) => stage);
    for (const base of bases) expect(['scratch', '${BASE}', ...stages]).toContain(base);
  });

  it('take from the clone exactly what decides whether they are built again', () => {
    const named = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    expect(named.map((line) => line.slice(1))).toEqual([...workerFiles, ...workerFolders]);
    for (const script of globSync('images/mover/*/*', { cwd: root }))
      expect(mover.madeFrom()).toContain(read(script));
    expect(worker.madeFrom()).toContain(read('package-lock.json'));
  });

  it('hold the scripts of every mover', () => {
    const copied = [...read('images/mover/Dockerfile').matchAll(/^COPY \S+ (\S+)\/ \/\1\/$/gm)];
    const folders = readdirSync(join(root, 'images/mover'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(new Set(copied.map(([, folder]) => folder))).toEqual(new Set(folders));
  });

  it('hold everything that worker and controller import', () => {
    const sources = globSync(
      workerFolders.map((folder) => `${folder}/**/*.ts`),
      { cwd: root },
    );
    const imports = sources.flatMap((file) =>
      [...read(file).matchAll(/from '(\.[^']+)'/g)].map(([, path]) =>
        relative(root, join(root, dirname(file), path ?? '')),
      ),
    );
    expect(imports.length).toBeGreaterThan(0);
    const outside = imports.filter((path) => !workerFolders.some((folder) => path.startsWith(`${folder}/`)));
    expect(outside).toEqual([]);
  });
});
