// What the movers carry: made from a seed, so that each run on each machine carries the same bytes. Half of it cannot be
// compressed (a cipher's stream), half of it to one half (the same in hexadecimal).
import type { Place } from '../place.ts';
import { podOf, finished } from './pods.ts';

const FILES = 20_000;
const MANY_BYTES = 2 ** 30;
const LARGE_BYTES = 2 ** 32;
const SEED = 'stillpoint';
/** Of each half as many. */
const FOLDERS = 10;

export interface DataSet {
  /** Of its pvc, too. */
  readonly name: 'many' | 'large';
  readonly what: string;
  readonly command: string;
}

/** `scale` 1 is 1 GiB in 20,000 files and 4 GiB in one. */
export function dataSets(scale: number): readonly DataSet[] {
  const each = Math.max(1, Math.round((FILES * scale) / (2 * FOLDERS)));
  const files = each * 2 * FOLDERS;
  const size = Math.floor(MANY_BYTES / FILES);
  const half = Math.round((LARGE_BYTES * scale) / 2);
  return [
    {
      name: 'many',
      what: `${mebibytes(files * size)} in ${files} files`,
      command: `for half in random hexadecimal; do for folder in $(seq ${FOLDERS}); do
  mkdir /data/$half-$folder
  $half $folder | head -c ${each * size} | split --bytes=${size} --suffix-length=4 - /data/$half-$folder/
done; done`,
    },
    {
      name: 'large',
      what: `${mebibytes(2 * half)} in one file`,
      command: `{ random large | head -c ${half}; hexadecimal other | head -c ${half}; } >/data/large`,
    },
  ];
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

const STREAMS = `set -eu
random() { openssl enc -aes-128-ctr -nosalt -pbkdf2 -iter 1 -pass "pass:${SEED} $1" </dev/zero 2>/dev/null; }
hexadecimal() { random "hexadecimal $1" | basenc --base16 --wrap=64; }`;

/** A pvc of the data set's name, filled and written to the disk. */
export async function makeData(place: Place, namespace: string, { name, what, command }: DataSet) {
  place.say(`movers: making ${what}, half of it incompressible, from the seed ${SEED}`);
  const pod = podOf(
    { namespace, name: `make-${name}` },
    { script: `${STREAMS}\n${command}\nsync`, pvc: name, writes: true },
  );
  await place.cluster.pvcs.create(emptyPvc(namespace, name));
  await finished(place, pod);
}

export function emptyPvc(namespace: string, name: string) {
  const resources = { requests: { storage: '16Gi' } };
  return { metadata: { namespace, name }, spec: { accessModes: ['ReadWriteOnce'], resources } };
}
