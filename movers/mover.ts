// The one contract of all movers: what each may say about itself. Everything common (Job, volumes,
// security, labels, Service) exists once, in job.ts and the files beside it; nothing here does anything.
//
// To add a mover: its options in api/mover-options.ts, a file here, a line in index.ts, its tools in
// images/mover, the shared cases of test/movers/mover-cases.ts, a page in docs/movers/.
import type { Consistency, MoverName, MoverProgress } from '../api/sync.ts';

/** The sending side carries a copy away; the receiving side fills a volume. */
export type Side = 'source' | 'destination';

/** An entry of a container's `env`. */
export type EnvVar =
  | { readonly name: string; readonly value: string }
  | {
      readonly name: string;
      readonly valueFrom: { readonly secretKeyRef: { name: string; key: string; optional: boolean } };
    };

/** A volume of the mover's pod and where it is mounted: read-only, unless it says otherwise. */
export interface PodVolume {
  readonly volume: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly mountPath: string;
  readonly writable?: boolean;
}

/** Keys of a kind that we make when the owner names no Secret (movers/own-keys.ts). */
export type OwnKeys = 'psk' | 'ssh';

/** Which Secret the mover works with: one that the owner has made, or one of ours. */
export type SecretNeed =
  | {
      readonly kind: 'given';
      readonly name: string;
      readonly keys: readonly string[];
      /** The field that names it: `spec.restic.repository`. */
      readonly field: string;
    }
  | { readonly kind: 'own'; readonly keys: OwnKeys };

/** The volume that a mover keeps between syncs. */
export interface CacheNeed {
  readonly capacity: string;
  readonly storageClassName?: string;
  readonly accessModes?: readonly string[];
}

/** Where a receiving mover is reached. */
export interface ServiceNeed {
  readonly type: string;
  readonly port: number;
  readonly targetPort: number;
  readonly portName: string;
  /** Undefined: those of VolSync. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A certificate by which the mover recognises its server (VolSync's `customCA`). */
export interface CustomCa {
  readonly secretName?: string | undefined;
  readonly configMapName?: string | undefined;
  readonly key?: string | undefined;
}

/** A volume that the owner wants in the pod besides (VolSync's `moverVolumes`). */
export interface ExtraVolume {
  readonly mountPath: string;
  readonly volumeSource: Readonly<
    Partial<Record<'secret' | 'persistentVolumeClaim' | 'nfs', Readonly<Record<string, unknown>> | undefined>>
  >;
}

/** The parts of a mover's section that shape its pod, the same for all movers (VolSync's MoverConfig). */
export interface PodOptions {
  readonly moverSecurityContext?: Readonly<Record<string, unknown>> | undefined;
  readonly moverServiceAccount?: string | undefined;
  readonly moverPodLabels?: Readonly<Record<string, string>> | undefined;
  readonly moverResources?: unknown;
  readonly moverAffinity?: Readonly<Record<string, unknown>> | undefined;
  readonly moverVolumes?: readonly ExtraVolume[] | undefined;
  readonly customCA?: CustomCa | undefined;
}

/** What is known when the Job is described. */
export interface MoverInput {
  /** The Secret that the mover works with; keys, never values. */
  readonly secret: { readonly name: string; readonly keys: readonly string[] };
  readonly status: { readonly lastPruned?: string; readonly lastUnlocked?: string };
  readonly creationTime: string;
  /** API-server time, milliseconds since the epoch. */
  readonly now: number;
  /** How the copy was made that is carried away; absent where none is made (Direct), and on destinations. */
  readonly consistency?: Consistency | undefined;
}

/** One line of a mover's log, understood. */
export type LogLine =
  | { readonly kind: 'progress'; readonly progress: MoverProgress }
  | {
      readonly kind: 'summary';
      readonly snapshotId?: string;
      readonly bytes?: number;
      readonly files?: number;
      readonly bytesAdded?: number;
      /** For people, too. */
      readonly text?: string;
    }
  | { readonly kind: 'text'; readonly text: string };

/** `moved`: the data is safe, though something after it failed; `refused`: the same Job would end the same way again. */
export type MoverEnd = 'moved' | 'retry' | 'refused';

/** One mover on one side, bound to its section of the spec. */
export interface Mover {
  readonly name: MoverName;
  readonly side: Side;
  /** Prefix of the Job's name (VolSync's). */
  readonly jobPrefix: string;
  readonly container: string;
  readonly command: readonly string[];
  /** Added where the namespace allows privileged movers; `always` where the tool works as nobody but root. */
  readonly root: { readonly always: boolean; readonly capabilities: readonly string[] };
  /** The end of a sentence that names the owner, when the section asks for what cannot work. */
  readonly problem?: string;
  readonly secret: SecretNeed;
  readonly pod: PodOptions;
  readonly cache?: CacheNeed;
  readonly service?: ServiceNeed;
  arguments(input: MoverInput): readonly string[];
  environment(input: MoverInput): readonly EnvVar[];
  volumes(input: MoverInput): readonly PodVolume[];
  readonly log: MoverLogFormat;
  /** What an exit code other than 0 means. */
  readExit(exitCode: number): MoverEnd;
}

/** How a mover's log is read. */
export interface MoverLogFormat {
  readLine(line: string): LogLine;
  /** Whether a successful run's line is kept in `status.latestMoverStatus.logs` (VolSync's filters). */
  keepsLine(text: string): boolean;
  /** The same of a failed run; all of them where VolSync keeps all. */
  keepsFailureLine?(text: string): boolean;
}
