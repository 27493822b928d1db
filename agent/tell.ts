// What the agent's log says: one line for each phase that it enters.
import type { Log } from '../telemetry/log.ts';
import type { AgentState, Because, Phase } from './state.ts';

const AS_ERROR: readonly Because[] = ['freezeLost', 'apiServerLost', 'deadline', 'refused', 'quiesceFailed'];

export function tellPhase(log: Log, before: AgentState, after: AgentState): void {
  const { phase } = after;
  if (phase.name === before.phase.name) return;
  const told = sentenceOf(phase);
  if (told === undefined) return;
  const { message, fields } = told;
  if (phase.name === 'thawing' && AS_ERROR.includes(phase.because)) log.error(message, fields);
  else log.info(message, fields);
}

function sentenceOf(
  phase: Phase,
): { message: string; fields: Readonly<Record<string, unknown>> } | undefined {
  switch (phase.name) {
    case 'quiescing':
      return { message: 'quiescing', fields: { pvc: phase.freeze.pvc } };
    case 'triggering':
      return { message: 'quiesced, setting the trigger', fields: ofFreeze(phase.freeze) };
    case 'frozen':
      return { message: 'standing still', fields: ofFreeze(phase.freeze) };
    case 'thawing':
      return { message: 'letting the application go', fields: { pvc: phase.pvc, because: phase.because } };
    case 'idle':
      return { message: 'the application runs', fields: {} };
    case 'recovering':
    case 'over':
      return undefined;
  }
}

function ofFreeze({ pvc, trigger }: { readonly pvc: string; readonly trigger: string }) {
  return { pvc, trigger };
}
