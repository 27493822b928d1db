// Every command: its words, its flags and where it is. The program, its help, the completion and docs/cli.md's test
// are made from this; the file of a command is loaded when the command is typed.
import type { Place } from './place.ts';
import type { ExitCode } from './exit.ts';

/** What was typed behind a command. */
export interface Typed {
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
}

export type Run = (place: Place, typed: Typed) => Promise<ExitCode>;

export interface Flag {
  /** As commander reads it: `--timeout <duration>`. */
  readonly flag: string;
  readonly meaning: string;
}

export interface Command {
  readonly name: string;
  /** As commander reads them: `<source> [run]`. */
  readonly words?: string;
  readonly summary: string;
  readonly flags?: readonly Flag[];
  /** What the completion offers for the first word. */
  readonly offers?: 'sources' | 'pvcs';
  readonly load: () => Promise<{ readonly run: Run }>;
}

const timeout = (meaning: string): Flag => ({ flag: '--timeout <duration>', meaning });
const NO_WAIT: Flag = { flag: '--no-wait', meaning: 'do not wait for the end' };

export const COMMANDS: readonly Command[] = [
  {
    name: 'status',
    words: '[sources...]',
    summary: 'what each source does: phase, waiting since, last copy and freeze, last and next sync',
    flags: [{ flag: '-l, --selector <labels>', meaning: 'only sources with these labels' }],
    offers: 'sources',
    load: () => import('./status.ts'),
  },
  {
    name: 'watch',
    words: '<source>',
    summary: 'follow the running sync, or the next one, to its end',
    flags: [timeout('give up after this: 90s, 10m; without it, wait for ever')],
    offers: 'sources',
    load: () => import('./watch.ts'),
  },
  {
    name: 'explain',
    words: '<source>',
    summary: 'why it is not synchronising: one sentence, then the evidence',
    offers: 'sources',
    load: () => import('./explain.ts'),
  },
  {
    name: 'history',
    words: '<source> [run]',
    summary: 'its syncs with trigger, freeze, bytes and result; with RUN, one sync as a story',
    flags: [{ flag: '--limit <count>', meaning: 'how many syncs (10)' }],
    offers: 'sources',
    load: () => import('./history.ts'),
  },
  {
    name: 'sync',
    words: '<source>',
    summary: 'synchronise now, and follow it to its end',
    flags: [NO_WAIT, timeout('stop waiting after this; the sync goes on')],
    offers: 'sources',
    load: () => import('./sync.ts'),
  },
  {
    name: 'trigger',
    words: '<pvc> [value]',
    summary: 'set copy-trigger, as the owner of the application, and wait for the answer',
    flags: [timeout('take the trigger back when it is not accepted by then (10m)'), NO_WAIT],
    offers: 'pvcs',
    load: () => import('./trigger.ts'),
  },
  {
    name: 'quiesce',
    words: '<pvc> [command...]',
    summary: 'wait until a copy is wanted, run COMMAND, trigger, wait for the answer, undo',
    flags: [
      { flag: '--undo <command>', meaning: 'shell command that lets the application go on, however it ends' },
      { flag: '--deadline <duration>', meaning: 'the longest time that it stands still (5m)' },
      timeout('give up when no copy is wanted by then; without it, wait for ever'),
    ],
    offers: 'pvcs',
    load: () => import('./quiesce.ts'),
  },
  {
    name: 'proceed',
    words: '<source>',
    summary: 'take the copy now, without a trigger; who and why stand in the history',
    flags: [
      { flag: '--reason <text>', meaning: 'why (required)' },
      { flag: '--by <name>', meaning: 'who; your login name when absent' },
    ],
    offers: 'sources',
    load: () => import('./proceed.ts'),
  },
  {
    name: 'cancel',
    words: '<source>',
    summary: 'end the running sync: the application is released, nothing is left behind',
    flags: [NO_WAIT, timeout('stop waiting after this (2m)')],
    offers: 'sources',
    load: () => import('./cancel.ts'),
  },
  {
    name: 'pause',
    words: '<source>',
    summary: 'start no further sync (spec.paused); a running one is done to its end',
    offers: 'sources',
    load: () => import('./pause.ts'),
  },
  {
    name: 'resume',
    words: '<source>',
    summary: 'take the pause back',
    offers: 'sources',
    load: () => import('./resume.ts'),
  },
  {
    name: 'doctor',
    summary: 'check cluster, rights, storage, Temporal and our processes; each with what to do',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'migrate',
    summary: 'from VolSync: what is there and what will change; --apply stops VolSync',
    flags: [{ flag: '--apply', meaning: 'do it; without it nothing is changed' }],
    load: () => import('./migrate.ts'),
  },
];

/** Flags that every command takes. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { flag: '-n, --namespace <name>', meaning: "namespace; the context's when absent" },
  { flag: '-A, --all-namespaces', meaning: 'all namespaces' },
  { flag: '--context <name>', meaning: 'context of the kubeconfig' },
  { flag: '--kubeconfig <file>', meaning: 'kubeconfig; $KUBECONFIG or ~/.kube/config when absent' },
  { flag: '--temporal-address <host:port>', meaning: 'Temporal; $TEMPORAL_ADDRESS when absent' },
  { flag: '--temporal-namespace <name>', meaning: 'its namespace; $TEMPORAL_NAMESPACE when absent' },
  { flag: '-o, --output <format>', meaning: 'json, yaml or wide' },
  { flag: '--no-color', meaning: 'no colours; neither when NO_COLOR is set, nor outside a terminal' },
];
