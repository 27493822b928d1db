// Objects that a mover's section names, and that must be there before the application is asked (VolSync CT-2).
import { volumesProblem } from './pod-volumes.ts';
import { securityProblem } from './pod-security.ts';
import type { Allowed } from './pod-security.ts';
import type { ExtraVolume, Mover } from './mover.ts';

export type NeededKind = 'Secret' | 'ConfigMap' | 'ServiceAccount' | 'PersistentVolumeClaim' | 'StorageClass';

export interface Need {
  readonly kind: NeededKind;
  readonly name: string;
  /** Keys that a Secret or ConfigMap must hold. */
  readonly keys: readonly string[];
  /** The field that names it. */
  readonly field: string;
}

/** All but the mover's own Secret. `section` is where the options stand: `spec.restic`. */
export function needsOf({ pod, cache }: Mover, section: string): readonly Need[] {
  const { moverServiceAccount, moverVolumes = [] } = pod;
  return [
    ...named('ServiceAccount', moverServiceAccount, `${section}.moverServiceAccount`),
    ...named('StorageClass', cache?.storageClassName, `${section}.cacheStorageClassName`),
    ...moverVolumes.flatMap((volume, at) => needsOfVolume(volume, `${section}.moverVolumes[${at}]`)),
    ...needsOfCustomCa(pod, `${section}.customCA`),
  ];
}

/** The end of a sentence that names the owner, when the mover cannot work as its section says. */
export function problemOf(mover: Mover, section: string, allowed: Allowed): string | undefined {
  const ofVolumes = volumesProblem(mover.pod.moverVolumes);
  return (
    mover.problem ??
    (ofVolumes === undefined ? undefined : `${section}.${ofVolumes}`) ??
    securityProblem(mover, allowed)
  );
}

function needsOfVolume({ volumeSource }: ExtraVolume, field: string): readonly Need[] {
  const { secret, persistentVolumeClaim } = volumeSource;
  return [
    ...(secret?.['optional'] === true
      ? []
      : named('Secret', secret?.['secretName'], `${field}.volumeSource`)),
    ...named('PersistentVolumeClaim', persistentVolumeClaim?.['claimName'], `${field}.volumeSource`),
  ];
}

function needsOfCustomCa({ customCA }: Mover['pod'], field: string): readonly Need[] {
  const { secretName = '', configMapName = '', key = '' } = customCA ?? {};
  if (key === '') return [];
  const keys = [key];
  if (secretName !== '') return [{ kind: 'Secret', name: secretName, keys, field }];
  return configMapName === '' ? [] : [{ kind: 'ConfigMap', name: configMapName, keys, field }];
}

function named(kind: NeededKind, name: unknown, field: string): readonly Need[] {
  return typeof name === 'string' && name !== '' ? [{ kind, name, keys: [], field }] : [];
}
