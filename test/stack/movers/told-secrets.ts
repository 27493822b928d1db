// Invariant 9 line by line: every-scenario.ts looks for whole values of Secrets, and a mover may tell a line of one. It
// looks into destinations and Services, too, which every-scenario.ts does not watch.
import type { Job } from '../../../api/kubernetes.ts';
import type { Application } from '../world.ts';
import type { Pair } from './pair.ts';

const SHORTEST_SECRET = 8;

/** Where a part of a Secret of either namespace stands that it must not leave; empty when all are kept. */
export async function toldSecrets(
  { application, destination }: Pair,
  movers: ReadonlyMap<string, Job>,
): Promise<readonly string[]> {
  const { cluster } = application.world;
  const { namespace } = destination;
  const places = [application, destination.place];
  const parts = (await Promise.all(places.map(secretParts))).flat();
  const texts = {
    source: await cluster.sources.get(application.source),
    destination: await cluster.destinations.get(destination.ref),
    services: await cluster.services.list({ namespace }),
    jobs: [...movers.values(), ...(await cluster.jobs.list({ namespace }))],
    events: await Promise.all(places.map((place) => place.kubectl('get', 'events', '--output=json'))),
  };
  return Object.entries(texts).flatMap(([where, told]) => {
    const text = JSON.stringify(told ?? '');
    return parts
      .filter(({ part }) => text.includes(part))
      .map(({ name }) => `${where} tell a part of ${name}`);
  });
}

interface SecretPart {
  readonly name: string;
  /** As it stands in JSON. */
  readonly part: string;
}

async function secretParts({ world, namespace }: Application): Promise<readonly SecretPart[]> {
  const secrets = await world.cluster.secrets.list({ namespace });
  return secrets.flatMap(({ metadata, data = {} }) =>
    Object.entries(data).flatMap(([key, value]) =>
      partsOf(Buffer.from(value, 'base64').toString()).map((part) => ({
        name: `Secret ${namespace}/${metadata.name}, key ${key}`,
        part: JSON.stringify(part).slice(1, -1),
      })),
    ),
  );
}

// Lines, and of `name = value` and `name:value` the value. What says where the data is may be told.
function partsOf(value: string): readonly string[] {
  return value
    .split('\n')
    .flatMap((line) => [line, /^\s*[\w.-]+\s*[=:](.*[^=].*)$/.exec(line)?.[1] ?? ''])
    .map((part) => part.trim())
    .filter((part) => part.length >= SHORTEST_SECRET && !part.includes('://') && !part.startsWith('-----'));
}
