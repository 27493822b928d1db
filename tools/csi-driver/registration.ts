import type { Methods } from './grpc-server.ts';

/** The service by which kubelet, watching its plugins_registry folder, learns of the driver. */
export function registrationService(driverName: string, endpoint: string): Methods {
  return {
    GetInfo: () => ({ type: 'CSIPlugin', name: driverName, endpoint, supported_versions: ['1.0.0'] }),
    NotifyRegistrationStatus: ({
      plugin_registered,
      error,
    }: {
      plugin_registered: boolean;
      error: string;
    }) => {
      console.log(
        plugin_registered ? 'kubelet registered the driver' : `kubelet refused the driver: ${error}`,
      );
      return {};
    },
  };
}
