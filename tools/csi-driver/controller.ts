import type { Methods } from './grpc-server.ts';
import { snapshotMethods } from './snapshots.ts';
import type { Storage } from './storage.ts';
import { volumeMethods } from './volumes.ts';

const CAPABILITIES = [
  'CREATE_DELETE_VOLUME',
  'CREATE_DELETE_SNAPSHOT',
  'CLONE_VOLUME',
  'LIST_VOLUMES',
  'LIST_SNAPSHOTS',
  'EXPAND_VOLUME',
  'SINGLE_NODE_MULTI_WRITER',
];

export function controllerService(storage: Storage): Methods {
  return {
    ControllerGetCapabilities: () => ({ capabilities: CAPABILITIES.map((type) => ({ rpc: { type } })) }),
    ...volumeMethods(storage),
    ...snapshotMethods(storage),
  };
}
