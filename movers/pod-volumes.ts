// Volumes that the owner's section adds to the pod: moverVolumes and customCA (reference VolSync §5.0.6).
import { crc32 } from '../domain/names.ts';
import type { CustomCa, ExtraVolume, PodVolume } from './mover.ts';

export const CUSTOM_CA_FILE = '/customCA/ca.crt';

/** Undefined when there is none: without a key VolSync ignores it. */
export function customCaVolume(customCa: CustomCa | undefined): PodVolume | undefined {
  const { secretName = '', configMapName = '', key = '' } = customCa ?? {};
  if (key === '' || (secretName === '' && configMapName === '')) return undefined;
  const items = [{ key, path: 'ca.crt' }];
  const source =
    secretName === '' ? { configMap: { name: configMapName, items } } : { secret: { secretName, items } };
  return { volume: { name: 'custom-ca', ...source }, mountPath: '/customCA' };
}

/** Below `/mnt/`; a PVC can be written to, so that it may hold the repository. */
export function extraVolumes(volumes: readonly ExtraVolume[] = []): readonly PodVolume[] {
  return volumes.map(({ mountPath, volumeSource }) => {
    const readOnly = volumeSource.secret !== undefined || isReadOnly(volumeSource);
    return {
      volume: { name: volumeName(mountPath), ...volumeSource },
      mountPath: `/mnt/${mountPath.replace(/^\/+/, '')}`,
      writable: !readOnly,
    };
  });
}

function isReadOnly({ persistentVolumeClaim, nfs }: ExtraVolume['volumeSource']): boolean {
  return persistentVolumeClaim?.['readOnly'] === true || nfs?.['readOnly'] === true;
}

// VolSync's name where it is one that Kubernetes takes.
function volumeName(mountPath: string): string {
  const name = `u-${mountPath.replaceAll('/', '-')}`;
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name) ? name : `u-${crc32(mountPath)}`;
}

/** The end of a sentence that names the owner, when a volume cannot be mounted as it is asked for. */
export function volumesProblem(volumes: readonly ExtraVolume[] = []): string | undefined {
  const paths = volumes.map(({ mountPath }) => mountPath.replace(/^\/+|\/+$/g, ''));
  for (const [at, path] of paths.entries()) {
    const field = `moverVolumes[${at}]`;
    if (path === '' || path.includes(':') || path.split('/').some((part) => part === '..'))
      return `${field}.mountPath must be a path below /mnt, such as repository`;
    if (paths.indexOf(path) !== at) return `${field}.mountPath ${path} is mounted twice`;
    const sources = Object.values(volumes[at]?.volumeSource ?? {}).filter((source) => source !== undefined);
    if (sources.length !== 1)
      return `${field}.volumeSource must hold exactly one of secret, persistentVolumeClaim, nfs`;
  }
  return undefined;
}
