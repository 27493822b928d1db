import type { Run } from './catalogue.ts';
import { requiredWord } from './durations.ts';
import { setPaused } from './pause.ts';

export const run: Run = (place, typed) => setPaused(place, requiredWord(typed), false);
