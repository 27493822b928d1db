// `quiesce`: the owner's side of one copy in one line. What happens when is decided by the agent's own pure function
// (agent/decide.ts); these are its hands, for one freeze.
import { randomBytes } from 'node:crypto';
import { decide, firstState } from '../../agent/decide.ts';
import type { AgentEvent, AgentOptions, AgentState, Because, Effect } from '../../agent/state.ts';
import type { ObjectRef } from '../../api/kubernetes.ts';
import { pause } from '../../kubernetes/backoff.ts';
import { isConflict, isRefused } from '../../kubernetes/kubernetes-error.ts';
import type { Run, Typed } from './catalogue.ts';
import { durationFlag, requiredWord } from './durations.ts';
import { CliError, EXIT } from './exit.ts';
import type { ExitCode } from './exit.ts';
import { startCommand } from './owner-command.ts';
import type { OwnerCommand } from './owner-command.ts';
import { pvcAt } from './place.ts';
import type { Place } from './place.ts';
import { forgetPromise, refuseUnasked, seenOf, setTrigger, takeBack } from './pvc-side.ts';

const HOLD_MS = 300_000;
const STOP_GRACE_MS = 10_000;
const LOOK_EVERY_MS = 500;
const RETRY_MS = 30_000;

export const run: Run = async (place, typed) => {
  const name = requiredWord(typed);
  const orders = ordersOf(typed);
  const { pvc, ref } = await pvcAt(place, name);
  refuseUnasked(seenOf(pvc), 'a value of ours');
  place.out.remark(`Waiting until a copy of PersistentVolumeClaim ${ref.namespace}/${ref.name} is wanted.`);
  return new OneFreeze(place, ref, orders).run();
};

interface Orders {
  readonly command: readonly string[];
  readonly undo: string | undefined;
  readonly holdMs: number;
  readonly timeoutMs: number | undefined;
}

function ordersOf(typed: Typed): Orders {
  const command = typed.words.slice(1);
  const { undo } = typed.flags;
  if (command.length === 0)
    throw new CliError('Say what makes the application stand still: quiesce PVC -- COMMAND.', EXIT.usage);
  return {
    command,
    undo: typeof undo === 'string' ? undo : undefined,
    holdMs: durationFlag(typed, 'deadline') ?? HOLD_MS,
    timeoutMs: durationFlag(typed, 'timeout'),
  };
}

type News = AgentEvent extends infer Event
  ? Event extends AgentEvent
    ? Omit<Event, 'at' | 'now'>
    : never
  : never;

class OneFreeze {
  readonly #place: Place;
  readonly #ref: ObjectRef;
  readonly #orders: Orders;
  readonly #options: AgentOptions;
  readonly #news: News[] = [];
  #heard = new AbortController();
  #state: AgentState;
  #running: OwnerCommand | undefined;
  #because: Because | undefined;
  #trigger: string | undefined;
  #ended = false;

  constructor(place: Place, ref: ObjectRef, orders: Orders) {
    this.#place = place;
    this.#ref = ref;
    this.#orders = orders;
    this.#options = {
      pvcs: [ref.name],
      prefix: `quiesce-${randomBytes(4).toString('hex')}-`,
      outlivesAgent: true,
      holdMs: orders.holdMs,
      quiesceWithinMs: orders.holdMs,
      stopGraceMs: STOP_GRACE_MS,
      retryMs: RETRY_MS,
    };
    // Nothing is left of an earlier life: this one has its own triggers.
    this.#state = { ...firstState(performance.now()), phase: { name: 'idle' } };
  }

  async run(): Promise<ExitCode> {
    const { interrupted } = this.#place;
    const giveUpAt = performance.now() + (this.#orders.timeoutMs ?? Number.POSITIVE_INFINITY);
    const stop = (): void => this.#tell({ kind: 'stop' });
    interrupted.addEventListener('abort', stop, { once: true });
    while (!this.#ended) {
      await this.#look();
      for (const news of this.#news.splice(0)) this.#decide(news);
      if (this.#isWaiting() && performance.now() > giveUpAt) {
        interrupted.removeEventListener('abort', stop);
        this.#decide({ kind: 'stop' });
      }
      this.#decide({ kind: 'wake' });
      if (this.#ended) break;
      this.#heard = new AbortController();
      if (this.#news.length === 0) await pause(LOOK_EVERY_MS, this.#heard.signal);
    }
    await this.#forget();
    return this.#exitCode(performance.now() > giveUpAt);
  }

  #isWaiting(): boolean {
    return this.#state.phase.name === 'idle' && this.#state.stopBy === undefined;
  }

  #tell(news: News): void {
    this.#news.push(news);
    this.#heard.abort();
  }

  #decide(news: News): void {
    const { cluster } = this.#place;
    const event = { ...news, at: performance.now(), now: cluster.now() } as AgentEvent;
    const before = this.#state.phase;
    const { state, effects } = decide(this.#state, event, this.#options);
    this.#state = state;
    const { phase } = state;
    if (phase.name === 'thawing' && before.name !== 'thawing') this.#because = phase.because;
    for (const effect of effects) this.#carryOut(effect);
    // One freeze, and no second one.
    const over = before.name === 'thawing' && phase.name === 'idle' && this.#because !== 'noLongerWanted';
    if (over && state.stopBy === undefined) this.#decide({ kind: 'stop' });
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'quiesce':
        return this.#quiesce();
      case 'abandon':
        return this.#running?.abandon();
      case 'unquiesce':
        return this.#unquiesce();
      case 'setTrigger':
        return void this.#setTrigger(effect);
      case 'takeBack':
        return void this.#takeBack(effect);
      case 'look':
        return;
      case 'end':
        this.#ended = true;
    }
  }

  #quiesce(): void {
    this.#place.out.line(`WaitingForTrigger: running ${this.#orders.command.join(' ')}`);
    const command = startCommand(this.#orders.command);
    this.#running = command;
    void command.done.then((well) => this.#tell({ kind: well ? 'quiesced' : 'quiesceFailed' }));
  }

  #unquiesce(): void {
    const { out } = this.#place;
    const because = this.#because;
    if (because !== undefined) out.line(SAID[because]);
    void this.#undo().then((well) => this.#tell({ kind: well ? 'unquiesced' : 'unquiesceFailed' }));
  }

  // The application is let go only when the quiesce is really over.
  async #undo(): Promise<boolean> {
    await this.#running?.done;
    const { undo } = this.#orders;
    if (undo === undefined) return true;
    this.#place.out.line(`running ${undo}`);
    const well = await startCommand(undo).done;
    if (!well) this.#place.out.remark(`"${undo}" has failed; it is tried again. A second Ctrl-C gives up.`);
    return well;
  }

  async #setTrigger(effect: Effect & { readonly do: 'setTrigger' }): Promise<void> {
    const { namespace } = this.#ref;
    try {
      const pvc = await setTrigger(this.#place, { ...effect.pvc, namespace }, effect);
      this.#trigger = effect.trigger;
      this.#place.out.line(`copy-trigger is ${effect.trigger}`);
      this.#tell({ kind: 'triggerSet', pvc });
    } catch (error) {
      const why = isConflict(error) ? 'conflict' : isRefused(error) ? 'refused' : 'unknown';
      this.#tell({ kind: 'triggerNotSet', why });
    }
  }

  async #takeBack({ pvc }: Effect & { readonly do: 'takeBack' }): Promise<void> {
    const { namespace } = this.#ref;
    try {
      this.#tell({ kind: 'takenBack', pvc: await takeBack(this.#place, { ...pvc, namespace }) });
    } catch {
      this.#tell({ kind: 'notTakenBack', name: pvc.name });
    }
  }

  // An API server that is silent tells nothing; the deadline stands all the same.
  async #look(): Promise<void> {
    try {
      const pvc = await this.#place.cluster.pvcs.get(this.#ref);
      this.#news.push(
        pvc === undefined ? { kind: 'gone', name: this.#ref.name } : { kind: 'seen', pvc: seenOf(pvc) },
      );
    } catch {
      return;
    }
  }

  async #forget(): Promise<void> {
    const pvc = this.#state.seen[this.#ref.name];
    if (pvc && this.#trigger !== undefined)
      await forgetPromise(this.#place, { ...pvc, namespace: this.#ref.namespace }, this.#trigger);
  }

  #exitCode(timedOut: boolean): ExitCode {
    if (this.#because === 'Completed') return EXIT.done;
    if (this.#because === 'quiesceFailed')
      throw new CliError(
        `"${this.#orders.command.join(' ')}" has failed; no copy was asked for.`,
        EXIT.commandFailed,
      );
    if (this.#place.interrupted.aborted)
      throw new CliError('interrupted; the application goes on.', EXIT.interrupted);
    if (this.#because === undefined && timedOut)
      throw new CliError('No copy was wanted in time; nothing was run.', EXIT.timedOut);
    return this.#because === 'deadline' ? EXIT.timedOut : EXIT.failed;
  }
}

const SAID: Readonly<Record<Because, string>> = {
  restarted: 'The application goes on',
  Completed: 'Completed: the copy is taken',
  Failed: 'Failed: there is no copy of this trigger',
  answered: 'The trigger is answered',
  quiesceFailed: 'The command has failed',
  noLongerWanted: 'The copy is no longer wanted',
  refused: 'The API server refuses the trigger',
  takenAway: 'Somebody has taken the trigger away',
  freezeLost: 'The application goes on by itself',
  deadline: 'The deadline has passed without an answer',
  apiServerLost: 'The API server gives no answer',
  stopped: 'Stopped',
};
