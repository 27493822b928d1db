// A CSI driver for test clusters: volumes and snapshots are folders, copies are `cp -a`, and a class's
// parameters make it slow or make it fail (faults.ts). Mount volumes only, one node, one process.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { controllerService } from './controller.ts';
import { serve, serviceDefinition, type CallLog } from './grpc-server.ts';
import { identityService, VERSION } from './identity.ts';
import { nodeService } from './node.ts';
import { registrationService } from './registration.ts';
import { openStorage } from './storage.ts';

interface Flags {
  /** Path of the CSI socket. */
  readonly endpoint: string;
  readonly stateDir: string;
  readonly nodeId: string;
  readonly driverName: string;
  /** kubelet's plugins_registry folder; without it the driver does not register itself. */
  readonly registrationDir: string | undefined;
  /** Logs also the calls that Kubernetes makes all the time. */
  readonly verbose: boolean;
}

const ROUTINE = new Set(['Probe', 'GetPluginInfo', 'NodeGetCapabilities', 'NodeGetVolumeStats']);

await main(readFlags());

async function main(flags: Flags): Promise<void> {
  const storage = openStorage(flags.stateDir);
  const log = callLog(flags.verbose);
  const csi = [
    {
      definition: serviceDefinition('csi.proto', 'csi.v1.Identity'),
      methods: identityService(flags.driverName),
    },
    { definition: serviceDefinition('csi.proto', 'csi.v1.Controller'), methods: controllerService(storage) },
    {
      definition: serviceDefinition('csi.proto', 'csi.v1.Node'),
      methods: nodeService(storage, flags.nodeId),
    },
  ];
  const stops = [await serve(flags.endpoint, csi, log)];
  if (flags.registrationDir) {
    const definition = serviceDefinition('pluginregistration.proto', 'pluginregistration.Registration');
    const registration = { definition, methods: registrationService(flags.driverName, flags.endpoint) };
    stops.push(await serve(join(flags.registrationDir, `${flags.driverName}-reg.sock`), [registration], log));
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      for (const stop of stops) stop();
      process.exit(0);
    });
  }
  const { volumes, snapshots } = storage;
  console.log(
    `${flags.driverName} ${VERSION} serves ${volumes.size} volumes and ${snapshots.size} snapshots on ${flags.endpoint}`,
  );
}

function readFlags(): Flags {
  const { values } = parseArgs({
    options: {
      endpoint: { type: 'string' },
      'state-dir': { type: 'string' },
      'node-id': { type: 'string', default: 'localhost' },
      'driver-name': { type: 'string', default: 'dir.csi.stillpoint.dev' },
      'registration-dir': { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  if (!values.endpoint || !values['state-dir']) {
    console.error(
      'csi-driver: --endpoint (path of its socket) and --state-dir (a folder to keep) are needed',
    );
    process.exit(2);
  }
  return {
    endpoint: values.endpoint.replace(/^unix:\/\//, ''),
    stateDir: values['state-dir'],
    nodeId: values['node-id'],
    driverName: values['driver-name'],
    registrationDir: values['registration-dir'],
    verbose: values.verbose,
  };
}

function callLog(verbose: boolean): CallLog {
  return (method, about, outcome) => {
    if (verbose || !ROUTINE.has(method)) console.log(new Date().toISOString(), method, about, outcome);
  };
}
