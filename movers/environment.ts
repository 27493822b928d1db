// What several movers take from a Secret.
import type { EnvVar, MoverInput, SecretNeed } from './mover.ts';

/** Mode of the files of a mounted Secret: the mover may run as any user, and its pod holds nobody else. */
export const READABLE = 0o444;

/** Where a sending mover goes. */
export function destinationVariables(to: {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}): readonly EnvVar[] {
  return [
    { name: 'DESTINATION_ADDRESS', value: to.address ?? '' },
    ...(to.port === undefined ? [] : [{ name: 'DESTINATION_PORT', value: String(to.port) }]),
  ];
}

/** One key of a Secret as a variable of the same name. */
export function fromSecret(name: string, key: string, optional: boolean): EnvVar {
  return { name: key, valueFrom: { secretKeyRef: { name, key, optional } } };
}

/** Every key RCLONE_… of the Secret, sorted by name (VolSync §5.0.5). */
export function rcloneVariables({ name, keys }: MoverInput['secret']): readonly EnvVar[] {
  return keys
    .filter((key) => key.startsWith('RCLONE_'))
    .toSorted()
    .map((key) => fromSecret(name, key, true));
}

/** The Secret that this field of the spec names. */
export function givenSecret(field: string, name: string | undefined, keys: readonly string[]): SecretNeed {
  return { kind: 'given', name: name ?? '', keys, field };
}
