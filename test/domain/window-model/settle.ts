// What must be true in the end, however the walk went: nobody stays frozen, nobody stays asked, and the next sync works.
import { readWindowState } from '../../../domain/copy-window.ts';
import { Violation } from './judge.ts';
import { closeSync, Sync } from './syncs.ts';
import type { Cast } from './walk.ts';
import { BOUND_MS } from './world.ts';

const LONG_ENOUGH_MS = 2 * BOUND_MS + 10_000;
const TICK_MS = 500;
const PATIENCE = 200;

export function settle(cast: Cast, deadly: boolean): void {
  if (deadly) onlyTheGuard(cast);
  else comesBack(cast);
  closed(cast);
  works(cast);
}

// All of ours but the guard is dead, and even so the application goes on.
function onlyTheGuard({ world, syncs, guard, owner }: Cast): void {
  for (const sync of syncs) sync.terminate();
  for (const until = world.now + LONG_ENOUGH_MS; world.now < until; world.now += TICK_MS) {
    guard.step();
    owner.look();
  }
  if (readWindowState(world.pvc).state === 'frozen') throw new Violation('released', 'the pvc stays frozen');
}

// Every attempt, the stalled ones too, comes to its end; the storage cuts at last.
function comesBack({ world, syncs, guard, owner }: Cast): void {
  const busy = () => syncs.find(({ phase, stalledAttempts }) => phase !== 'over' || stalledAttempts > 0);
  for (let turn = 0; turn < PATIENCE && busy() !== undefined; turn += 1) {
    for (const sync of syncs) {
      if (sync.phase === 'waiting') sync.cancel();
      sync.step();
      for (let which = sync.stalledAttempts; which > 0; which -= 1) sync.stepStalled(which - 1);
    }
    for (const copy of world.pendingCopies()) copy.cutAt = world.now;
    guard.step();
    owner.look();
    world.now += TICK_MS;
  }
  if (busy() !== undefined) throw new Violation('released', `${busy()?.run} never ends`);
}

// The controller closes what syncs that were terminated have left.
function closed({ world, syncs, owner }: Cast): void {
  if (world.parts.tidied) for (const { run } of syncs) for (const _ of closeSync({ world, run, skew: 0 }));
  owner.look();
  const { state, window } = readWindowState(world.pvc);
  if (state !== 'idle') throw new Violation('released', `the pvc stays ${state} in the window ${window.id}`);
}

// A trigger that was set beforehand is answered by the next sync, or a new one is.
function works({ world, owner }: Cast): void {
  owner.optIn();
  const sync = new Sync({ world, run: 'run-3', skew: 0 });
  sync.start();
  for (let turn = 0; turn < PATIENCE && (sync.phase !== 'over' || owner.standsStill); turn += 1) {
    if (sync.phase === 'waiting') {
      if (!owner.standsStill) owner.quiesce(undefined);
      sync.nudge();
    }
    sync.step();
    for (const copy of world.pendingCopies()) copy.cutAt = world.now;
    owner.look();
    world.now += TICK_MS;
  }
  if (owner.standsStill) throw new Violation('released', 'the next sync does not release its application');
}
