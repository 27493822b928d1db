// The workflow types that the worker serves.
export { syncDestination } from './sync-destination.ts';
export { syncSource } from './sync-source.ts';
