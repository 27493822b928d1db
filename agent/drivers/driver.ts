/** How an application is made to stand still, and let go again. Calls never overlap. */
export interface Driver {
  /**
   * Whether the application stays quiesced when the agent dies. Where it does not, because a held session ends with
   * it, a restarted agent has nothing left that it could rely on.
   */
  readonly outlivesAgent: boolean;
  /** Resolves when the application stands still. An abort ends it soon; half a quiesce may be left then. */
  quiesce(call: QuiesceCall): Promise<void>;
  /** Lets the application go, also after half a quiesce or none: it is called at each start, and again until it succeeds. */
  unquiesce(signal: AbortSignal): Promise<void>;
}

export interface QuiesceCall {
  readonly signal: AbortSignal;
  /** To be called when the application does not stand still any more, between a quiesce and its unquiesce. */
  readonly lost: (error: Error) => void;
}
