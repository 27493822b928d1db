// The one contract of all movers: what each may say about itself. Everything common (Job, volumes,
// security, labels) exists once, in job.ts; nothing here does anything.
//
// To add a mover: its options in api/mover-options.ts, a file here, a line in index.ts, its tools in
// images/mover, the shared cases of test/movers/mover-cases.ts, a page in docs/movers/.
import type { MoverName, MoverProgress } from '../api/sync.ts';

/** An entry of a container's `env`. */
export type EnvVar =
  | { readonly name: string; readonly value: string }
  | {
      readonly name: string;
      readonly valueFrom: { readonly secretKeyRef: { name: string; key: string; optional: boolean } };
    };

/** A volume of the mover's pod and where it is mounted. */
export interface MoverVolume {
  readonly volume: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly mountPath: string;
  readonly subPath?: string;
}

/** What a mover needs to know to describe its Job. */
export interface MoverInput<Options> {
  readonly options: Options;
  readonly sourceName: string;
  readonly secretKeys: readonly string[];
  readonly status: { readonly lastPruned?: string; readonly lastUnlocked?: string };
  readonly creationTime: string;
  /** API-server time, milliseconds since the epoch. */
  readonly now: number;
}

/** One line of a mover's log, understood. */
export type LogLine =
  | { readonly kind: 'progress'; readonly progress: MoverProgress }
  | {
      readonly kind: 'summary';
      readonly snapshotId: string;
      readonly bytes: number;
      readonly files: number;
      readonly bytesAdded: number;
    }
  | { readonly kind: 'text'; readonly text: string };

/** `moved`: the data is safe, though something after it failed; `refused`: the same Job would end the same way again. */
export type MoverEnd = 'moved' | 'retry' | 'refused';

export interface Mover<Options> {
  readonly name: MoverName;
  /** Prefix of the Job's name (VolSync's). */
  readonly jobPrefix: string;
  readonly container: string;
  readonly command: readonly string[];
  /** The Secret that must exist, with these keys, before the application is asked. */
  secret(options: Options): { readonly name: string; readonly keys: readonly string[] };
  /** Size of the cache PVC, if the mover keeps one between syncs. */
  cache?(options: Options): {
    readonly capacity: string;
    readonly storageClassName?: string;
    readonly accessModes?: readonly string[];
  };
  arguments(input: MoverInput<Options>): readonly string[];
  environment(input: MoverInput<Options>): readonly EnvVar[];
  volumes(input: MoverInput<Options>): readonly MoverVolume[];
  readLine(line: string): LogLine;
  /** Whether a successful run's line is kept in `status.latestMoverStatus.logs` (VolSync's filters). */
  keepsLine(text: string): boolean;
  /** What an exit code other than 0 means. */
  readExit(exitCode: number): MoverEnd;
}
