// Carries out what `decide` says: one event after another, each effect answered by an event.
import { ANNOTATIONS } from '../domain/copy-trigger.ts';
import { wholeSeconds } from '../domain/time.ts';
import { isConflict, isRefused, isNotFound } from '../kubernetes/kubernetes-error.ts';
import type { Log } from '../telemetry/log.ts';
import { decide, firstState } from './decide.ts';
import type { Driver } from './drivers/driver.ts';
import { createDriverTurns } from './driver-turns.ts';
import type { Pvcs } from './pvcs.ts';
import type { SeenPvc } from './pvc-answer.ts';
import type { AgentEvent, AgentOptions, AgentState, Effect, Happening } from './state.ts';
import { tellPhase } from './tell.ts';
import { wakeAt } from './wake.ts';

export interface Agent {
  readonly pvcs: Pvcs;
  readonly driver: Driver;
  readonly options: AgentOptions;
  readonly log: Log;
  /** The API server's time, or this machine's as long as it has not answered. */
  readonly now: () => number;
  readonly stop: AbortSignal;
}

/** Resolves when it was told to stop, the application runs, and no trigger of ours is left that could be taken back. */
export async function runAgent(agent: Agent): Promise<void> {
  const { pvcs, options, log, now, stop } = agent;
  const over = Promise.withResolvers<void>();
  const following = new AbortController();
  let state: AgentState = firstState(performance.now());
  let timer: NodeJS.Timeout | undefined;

  const tell = (happening: Happening): void => {
    const event = { ...happening, at: performance.now(), now: now() } as AgentEvent;
    const { state: after, effects } = decide(state, event, options);
    tellPhase(log, state, after);
    state = after;
    for (const effect of effects) carryOut(effect);
    clearTimeout(timer);
    const wake = wakeAt(state, event, options);
    if (Number.isFinite(wake))
      timer = setTimeout(() => tell({ kind: 'wake' }), Math.max(0, wake - performance.now()));
  };
  const driver = createDriverTurns({
    driver: agent.driver,
    log,
    tell,
    quiesceWithinMs: options.quiesceWithinMs,
  });

  const carryOut = (effect: Effect): void => {
    switch (effect.do) {
      case 'quiesce':
        return driver.quiesce();
      case 'abandon':
        return driver.abandon();
      case 'unquiesce':
        return driver.unquiesce();
      case 'setTrigger':
        return void setTrigger(pvcs, effect, log).then(tell);
      case 'takeBack':
        return void takeBack(pvcs, effect.pvc, log).then((happened) => happened.forEach(tell));
      case 'look':
        return void look(pvcs, effect.name, log).then((happened) => happened.forEach(tell));
      case 'end':
        return over.resolve();
    }
  };

  stop.addEventListener('abort', () => tell({ kind: 'stop' }), { once: true });
  const follow = (name: string) =>
    pvcs.follow(
      name,
      (pvc) => tell(pvc === undefined ? { kind: 'gone', name } : { kind: 'seen', pvc }),
      following.signal,
    );
  const followed = Promise.all(options.pvcs.map(follow));
  tell({ kind: stop.aborted ? 'stop' : 'wake' });
  await over.promise;
  clearTimeout(timer);
  following.abort(new Error('the agent stops'));
  await followed;
}

type SetTrigger = Extract<Effect, { readonly do: 'setTrigger' }>;

async function setTrigger(pvcs: Pvcs, effect: SetTrigger, log: Log): Promise<Happening> {
  const { pvc, trigger, validUntil, quiescedAt } = effect;
  try {
    const annotations = {
      [ANNOTATIONS.copyTrigger]: trigger,
      [ANNOTATIONS.triggerValidUntil]: wholeSeconds(validUntil),
      [ANNOTATIONS.quiescedAt]: wholeSeconds(quiescedAt),
    };
    return { kind: 'triggerSet', pvc: await pvcs.annotate(pvc, annotations) };
  } catch (error) {
    log.info('trigger not set', { pvc: pvc.name, error });
    if (isConflict(error)) return { kind: 'triggerNotSet', why: 'conflict' };
    return { kind: 'triggerNotSet', why: isRefused(error) || isNotFound(error) ? 'refused' : 'unknown' };
  }
}

// Whatever fails, the pvc is read again: what stands there decides.
async function takeBack(pvcs: Pvcs, pvc: SeenPvc, log: Log): Promise<readonly Happening[]> {
  try {
    const annotations = {
      [ANNOTATIONS.copyTrigger]: null,
      [ANNOTATIONS.triggerValidUntil]: null,
      [ANNOTATIONS.quiescedAt]: null,
    };
    const after = await pvcs.annotate(pvc, annotations);
    log.info('trigger taken back', { pvc: pvc.name });
    return [{ kind: 'takenBack', pvc: after }];
  } catch (error) {
    log.info('trigger not taken back', { pvc: pvc.name, error });
    return [...(await look(pvcs, pvc.name, log)), { kind: 'notTakenBack', name: pvc.name }];
  }
}

async function look(pvcs: Pvcs, name: string, log: Log): Promise<readonly Happening[]> {
  try {
    const pvc = await pvcs.read(name);
    return [pvc === undefined ? { kind: 'gone', name } : { kind: 'seen', pvc }];
  } catch (error) {
    log.info('the pvc could not be read, trying again', { pvc: name, error });
    return [];
  }
}
