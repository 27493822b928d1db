import type { Methods } from './grpc-server.ts';

export const VERSION = '0.1.0';

export function identityService(driverName: string): Methods {
  return {
    GetPluginInfo: () => ({ name: driverName, vendor_version: VERSION }),
    GetPluginCapabilities: () => ({
      capabilities: [{ service: { type: 'CONTROLLER_SERVICE' } }, { volume_expansion: { type: 'ONLINE' } }],
    }),
    Probe: () => ({ ready: { value: true } }),
  };
}
