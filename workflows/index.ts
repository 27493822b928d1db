// The workflow types that the worker serves.
export { syncSource } from './sync-source.ts';
