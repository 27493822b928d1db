// Every fault in every phase of a sync; started by `npm run test:matrix`, which chooses cells and seed.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { DESTINATION_CELLS, SOURCE_CELLS } from '../../tools/matrix/cells.ts';
import { chance } from '../../tools/matrix/chance.ts';
import { openWorld } from '../stack/world.ts';
import type { World } from '../stack/world.ts';
import { runCell } from './cell.ts';
import { runDestinationCell } from './destination-cell.ts';
import { openPlace } from './place.ts';
import type { Place } from './place.ts';

const seed = process.env['STILLPOINT_MATRIX_SEED'] ?? 'none';
const wanted = process.env['STILLPOINT_MATRIX_CELLS']?.split(' ');

let world: World;
let place: Place;
beforeAll(async () => {
  world = await openWorld();
  place = await openPlace();
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await world.close();
});

describe('everything comes back by itself, and the sync ends well or with an honest failure', () => {
  it.each(SOURCE_CELLS.filter(isWanted))('$name', async (cell) => {
    await runCell({ world, place, cell, draw: chance(`${seed}/${cell.name}`) });
  });

  it.each(DESTINATION_CELLS.filter(isWanted))('$name', async (cell) => {
    await runDestinationCell({ world, place, cell, draw: chance(`${seed}/${cell.name}`) });
  });
});

function isWanted({ name }: { readonly name: string }): boolean {
  return wanted?.includes(name) ?? true;
}
