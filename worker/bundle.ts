// The workflow code as one file, made once for each content of the sources. The image brings the file
// (`node worker/bundle.ts` writes it); in development it is made at the first start after a change.
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

const ROOT = join(import.meta.dirname, '..');
const SHIPPED = join(ROOT, 'build', 'workflow-bundle.js');
const CACHE = join(ROOT, 'node_modules', '.cache', 'stillpoint');
// What workflow code may import (types from elsewhere are not in the bundle), and the versions of the SDK.
const SOURCES = ['workflows/**/*.ts', 'domain/**/*.ts', 'package-lock.json'];

/** Path of the bundle of the sources as they are. */
export async function workflowBundle(): Promise<string> {
  if (isCurrent(SHIPPED)) return SHIPPED;
  const cached = join(CACHE, 'workflow-bundle.js');
  if (!isCurrent(cached)) await writeBundle(cached);
  return cached;
}

function isCurrent(path: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8').includes(sourcesLine());
}

async function writeBundle(path: string): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(ROOT, 'workflows', 'index.ts'),
    logger: new DefaultLogger('WARN'),
  });
  // The SDK expects the source map at the very end, and line numbers must stay.
  const sourceMap = code.lastIndexOf('//# sourceMappingURL=');
  mkdirSync(dirname(path), { recursive: true });
  // Two workers may start at once: whoever reads the path finds a whole file.
  const own = `${path}.${process.pid}`;
  writeFileSync(own, `${code.slice(0, sourceMap)}${sourcesLine()}\n${code.slice(sourceMap)}`);
  renameSync(own, path);
}

function sourcesLine(): string {
  const hash = createHash('sha256');
  for (const file of globSync(SOURCES, { cwd: ROOT }).toSorted()) {
    hash.update(file).update(readFileSync(join(ROOT, file)));
  }
  return `// Made from sources ${hash.digest('hex')}`;
}

if (import.meta.main) await writeBundle(SHIPPED);
