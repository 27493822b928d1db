// What happens to a copy window: the events that `decide` in copy-window.ts answers.
import type { Failure } from './failures.ts';

export type WindowEvent =
  | {
      readonly kind: 'begin';
      readonly run: string;
      readonly windowId: string;
      readonly answerVisibleMs: number;
    }
  | {
      readonly kind: 'trigger';
      readonly run: string;
      readonly windowId: string;
      readonly asked: boolean;
      /** Not asked: the trigger that stood there beforehand, the only one that `windowId` may be used for. */
      readonly preset?: string;
      readonly freezeBoundMs: number;
    }
  | {
      readonly kind: 'proceed';
      readonly run: string;
      readonly windowId: string;
      readonly by: string;
      readonly freezeBoundMs: number;
      /** Until when the application stands still at most, where that is known: milliseconds since the epoch. */
      readonly standsStillUntil?: number;
    }
  | { readonly kind: 'cut'; readonly windowId: string; readonly cutRuns: readonly string[] }
  | { readonly kind: 'leave'; readonly run: string; readonly failure: Failure }
  | {
      readonly kind: 'guard';
      readonly stoodForMs: number;
      readonly boundMs: number;
      readonly failure: Failure;
    };
