/** Runs calls about one name one after the other. */
export type InTurn = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/**
 * Kubernetes gives up on a slow call and asks again with the same name. The second call waits here
 * until the first is done, then finds its result by name instead of making a second one.
 */
export function createTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const turn = (last.get(name) ?? Promise.resolve()).then(work, work);
    const leave = () => {
      if (last.get(name) === turn) last.delete(name);
    };
    last.set(name, turn);
    turn.then(leave, leave);
    return turn;
  };
}
