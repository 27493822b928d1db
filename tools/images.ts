// The images that the local stack needs, as archives for containerd: built from ordinary Dockerfiles on first
// use, kept in the cache under a hash of what they are made from.
//   node tools/images.ts [--worker]
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withDockerEngine, type Docker } from './images/docker-engine.ts';
import { busybox, mover, pause, worker, type ImageRecipe } from './images/recipes.ts';
import { cached, cacheFolder, hashOf } from './stack/cache.ts';
import { reporting } from './stack/progress.ts';
import type { Say } from './stack/shell.ts';

export interface Image {
  readonly name: string;
  /** A tar that `ctr images import` and `docker load` understand. */
  readonly archive: string;
}

export interface WantedImages {
  /** Worker and controller also run on the host; only tests that run them in pods want their image. */
  readonly worker: boolean;
}

/** All images, those that are missing built now. */
export async function stillpointImages(
  say: Say,
  { worker: withWorker }: WantedImages = { worker: false },
): Promise<readonly Image[]> {
  const wanted = [pause, busybox, mover, ...(withWorker ? [worker] : [])];
  const images = wanted.map((recipe) => ({ name: recipe.name, archive: archiveOf(recipe) }));
  const missing = wanted.filter((recipe) => !existsSync(archiveOf(recipe)));
  if (missing.length === 0) return images;
  await withDockerEngine(say, async (docker) => {
    for (const [index, recipe] of missing.entries()) {
      const place = `image ${index + 1} of ${missing.length}`;
      const line = (passed: string) =>
        `building ${place}, ${recipe.name}, usually ${recipe.usualSeconds} seconds, ${passed} so far`;
      await reporting({ say, line }, buildAndSave(recipe, docker, say));
    }
    await docker('image', 'prune', '--force'); // What the new images have replaced.
  });
  return images;
}

async function buildAndSave(recipe: ImageRecipe, docker: Docker, say: Say): Promise<void> {
  const make = async (folder: string) => {
    await recipe.build(docker, say);
    await docker('save', '--output', join(folder, 'image.tar'), recipe.name);
  };
  await cached({ part: recipe.part, madeFrom: recipe.madeFrom(), say, make });
}

function archiveOf(recipe: ImageRecipe): string {
  return join(cacheFolder(), recipe.part, hashOf(recipe.madeFrom()), 'image.tar');
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { worker: { type: 'boolean', default: false } } });
  try {
    for (const { name, archive } of await stillpointImages(console.error, values))
      console.log(`${name} ${archive}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
