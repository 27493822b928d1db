import type { KubernetesObject } from '../api/kubernetes.ts';
import type { Log } from '../telemetry/log.ts';
import type { ClusterEvent } from './cluster.ts';
import { collectionPath, objectPath } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { isNotFound } from './kubernetes-error.ts';
import type { Transport } from './transport.ts';

export interface EventRecorderOptions {
  readonly transport: Transport;
  readonly log: Log;
  readonly component: string;
  /** Which process of the component: its pod's or machine's name. */
  readonly instance: string;
  readonly fieldManager: string;
}

export const EVENTS: Kind = {
  kind: 'Event',
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  scope: 'namespace',
};

/** The same event again within this time counts up the first one instead of being a new one. */
const SERIES_MS = 6 * 60_000;
const REMEMBERED = 2_000;
const LONGEST_NOTE_BYTES = 1024;

interface Series {
  readonly namespace: string;
  readonly name: string;
  readonly lastSeen: number;
  readonly count: number;
}

/** Writes events. Never throws, and never keeps the caller's work from going on: a failure is logged. */
export function createEventRecorder(options: EventRecorderOptions): (event: ClusterEvent) => Promise<void> {
  const { log } = options;
  const remembered = new Map<string, Series>();
  // One after the other, so that a second occurrence finds the first one written.
  let queue = Promise.resolve();

  const record = async (event: ClusterEvent): Promise<void> => {
    try {
      const key = identityOf(event);
      const series = await write(options, event, remembered.get(key));
      remember(remembered, key, series);
    } catch (error) {
      const { namespace, name } = event.regarding.metadata;
      log.error('event not recorded', { namespace, name, reason: event.reason, error });
    }
  };
  return (event) => (queue = queue.then(() => record(event)));
}

async function write(
  options: EventRecorderOptions,
  event: ClusterEvent,
  known: Series | undefined,
): Promise<Series> {
  const now = options.transport.now();
  if (known !== undefined && now - known.lastSeen < SERIES_MS) {
    const counted = await countUp(options, known, now);
    if (counted !== undefined) return counted;
  }
  return create(options, event, now);
}

/** Undefined when the event is gone: the API server forgets them after an hour. */
async function countUp(
  options: EventRecorderOptions,
  known: Series,
  now: number,
): Promise<Series | undefined> {
  const count = known.count + 1;
  try {
    await options.transport.call({
      verb: 'patch',
      resource: EVENTS.plural,
      subject: `${known.namespace}/${known.name}`,
      path: objectPath(EVENTS, known),
      query: { fieldManager: options.fieldManager },
      contentType: 'application/merge-patch+json',
      body: { series: { count, lastObservedTime: microTime(now) } },
    });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  return { ...known, count, lastSeen: now };
}

async function create(options: EventRecorderOptions, event: ClusterEvent, now: number): Promise<Series> {
  const { regarding, related, type, reason, action } = event;
  const namespace = regarding.metadata.namespace ?? 'default';
  const name = eventName(regarding.metadata.name, now);
  await options.transport.call({
    verb: 'create',
    resource: EVENTS.plural,
    subject: `${namespace}/${name}`,
    path: collectionPath(EVENTS, namespace),
    query: { fieldManager: options.fieldManager },
    body: {
      apiVersion: 'events.k8s.io/v1',
      kind: EVENTS.kind,
      metadata: { namespace, name },
      eventTime: microTime(now),
      reportingController: `stillpoint.dev/${options.component}`,
      reportingInstance: options.instance.slice(0, 128),
      regarding: referenceTo(regarding),
      ...(related === undefined ? {} : { related: referenceTo(related) }),
      type,
      reason,
      action,
      note: shortened(event.note),
    },
  });
  return { namespace, name, lastSeen: now, count: 1 };
}

function identityOf({ regarding, type, reason, note }: ClusterEvent): string {
  const { namespace, name, uid } = regarding.metadata;
  return JSON.stringify([regarding.kind, namespace, name, uid, type, reason, note]);
}

function remember(remembered: Map<string, Series>, key: string, series: Series): void {
  remembered.delete(key);
  remembered.set(key, series);
  const oldest = remembered.keys().next().value;
  if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}

function referenceTo({ apiVersion, kind, metadata }: KubernetesObject): object {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { apiVersion, kind, namespace, name, uid, resourceVersion };
}

let named = 0;
/** Unique by time and a count: `orders.18790a5d3c2f1a05`. */
function eventName(object: string, now: number): string {
  named = (named + 1) % 1_000_000;
  const nanoseconds = BigInt(Math.floor(now)) * 1_000_000n + BigInt(named);
  return `${object.slice(0, 230)}.${nanoseconds.toString(16)}`;
}

/** MicroTime needs exactly six decimals. */
function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}

function shortened(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= LONGEST_NOTE_BYTES) return note;
  // Three bytes for the ellipsis; a character cut in half decodes to U+FFFD, of three bytes as well.
  return `${bytes
    .subarray(0, LONGEST_NOTE_BYTES - 6)
    .toString()
    .replace(/\uFFFD+$/, '')}…`;
}
