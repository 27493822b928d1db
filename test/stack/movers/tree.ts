// A volume that a copy may get wrong in many ways: shell commands that make it, change it and look at it, and what of
// it a mover does not keep. The commands need the tools of the mover's image, and work in /data.

/** What a mover may lose, by its nature (docs/movers). */
export type Loss =
  | 'symlinks'
  | 'hard links'
  | 'holes'
  | 'owners'
  | 'modes'
  | 'setgid bits'
  | 'access lists'
  | 'times of directories';

const SHELL = `set -eu; cd /data
newline=$(printf 'new\\nline')`;

/** Everything that the folder /data shall hold, with so many small files in `many`. */
export function makeTree(files: number): string {
  return `${SHELL}
mkdir -p 'a folder/deep/.hidden' 'empty/within' '#number folder' many
for folder in . 'a folder/deep/.hidden' '#number folder'; do
  for name in plain ' with  spaces ' '#number' 'ünïcödé-北' "$newline" '-dash' 'back\\slash' '*?[a]' 'per%cent'; do
    printf 'the text of %s' "$name" >"$folder/$name"
  done
  ln -s plain "$folder/relative"
  ln -s 'nowhere/at all' "$folder/dangling"
  ln -s /etc/passwd "$folder/absolute"
done
mkdir 'becomes a file' && echo within >'becomes a file/within'
for mode in 0400 0640 0755 4711; do echo $mode >mode-$mode && chmod $mode mode-$mode; done
chmod 2750 'a folder' && chmod 0700 empty/within
ln plain 'a folder/hard link'
head -c 3000000 /dev/urandom >random
truncate --size=16M holes && printf 'the end' >>holes
: >nothing
echo listed >with-access-list && setfacl --modify user:4321:r with-access-list
for folder in $(seq 1 20); do
  mkdir many/$folder && seq $folder 20 ${files} | split --lines=1 --suffix-length=4 - many/$folder/
done
find . -mindepth 1 -depth -exec touch --no-dereference --date=@1600000000 {} +`;
}

/** Of root alone: what the tree holds belongs to several users. */
export const SHARE_TREE = `set -eu; cd /data
chown --no-dereference 1000:2000 plain relative mode-0400 'a folder' random many/1/*
chown 3000:3000 'a folder/deep' "#number"`;

/** Deletes, adds and changes something of each kind. */
export const CHANGE_TREE = `${SHELL}
rm ' with  spaces ' 'a folder/hard link' many/2/* 'a folder/deep/.hidden/relative'
rm -r '#number folder' many/3
rm 'ünïcödé-北'
mv "$newline" "another $newline"
printf 'the TEXT of plain' >plain
printf 'more' >>'-dash'
ln -sfn elsewhere relative
ln mode-0755 'another hard link'
chmod 0444 mode-0640
head -c 100000 /dev/urandom | dd of=random conv=notrunc bs=1000 seek=500 status=none
mkdir many/new && seq 1 50 | split --lines=1 --suffix-length=4 - many/new/
find . -mindepth 1 -depth -newermt 2021-01-01 -exec touch --no-dereference --date=@1700000000 {} +`;

/** A folder where a file was, and a file where a folder was. */
export const CHANGE_KINDS = `set -eu; cd /data
rm 'per%cent' && mkdir 'per%cent' && echo within >'per%cent/within'
rm -r 'becomes a file' && echo 'a file' >'becomes a file'
find . -mindepth 1 -depth -newermt 2021-01-01 -exec touch --no-dereference --date=@1700000000 {} +`;

/** Prints what /data holds, for entriesIn. Names may hold newlines: everything ends with a zero byte. */
export const LIST_TREE = `set -eu; cd /data
some() { find . -mindepth 1 \\( -path ./lost+found -o -path ./many \\) -prune -o "$@"; }
some -printf 'entry\\t%y\\t%m\\t%U:%G\\t%n\\t%s\\t%T@\\t%S\\t%l\\t%P\\0'
some -type f -print0 | sort --zero-terminated | xargs --null --no-run-if-empty sha256sum --zero
if [ -e with-access-list ]; then printf 'list\\t'; getfacl --omit-header --numeric with-access-list; printf '\\0'; fi
if [ -e many ]; then
  printf 'many\\tplace\\t'; find many -type f -printf '%m %U:%G %T@ %P\\0' | sort --zero-terminated | sha256sum; printf '\\0'
  printf 'many\\tnames\\t'; find many -printf '%y %P\\0' | sort --zero-terminated | sha256sum; printf '\\0'
  printf 'many\\ttexts\\t'; find many -type f -print0 | sort --zero-terminated | xargs --null cat | sha256sum; printf '\\0'
fi`;

export interface Entry {
  readonly kind: string;
  readonly mode?: string;
  readonly owner?: string;
  readonly links?: number;
  readonly bytes?: number;
  /** Whole seconds since the epoch. */
  readonly changed?: number;
  readonly holes?: boolean;
  readonly target?: string;
  readonly digest?: string;
}
export type Entries = Readonly<Record<string, Entry>>;

/** What LIST_TREE has printed, by name. */
export function entriesIn(listing: string): Entries {
  const records = listing.split('\0').filter((record) => record.trim() !== '');
  const entries: Record<string, Entry> = {};
  for (const record of records) {
    const [kind = '', ...fields] = record.split('\t');
    if (kind === 'entry') Object.assign(entries, entryOf(fields));
    else if (kind === 'list') entries['(access list)'] = { kind, digest: fields.join('\t') };
    else if (kind === 'many') entries[`(many: ${fields[0]})`] = { kind, digest: fields[1]?.trim() ?? '' };
    else addDigest(entries, record);
  }
  return entries;
}

const SURELY_SPARSE = 0.5;
const LARGE = 1_000_000;

function entryOf(fields: readonly string[]): Record<string, Entry> {
  const [kind = '', mode, owner, links, bytes, changed, share, target, ...name] = fields;
  const file = kind === 'f';
  const entry = {
    kind,
    ...(kind !== 'l' && { mode: mode ?? '' }),
    owner: owner ?? '',
    changed: Math.floor(Number(changed)),
    ...(file && {
      links: Number(links),
      bytes: Number(bytes),
      holes: Number(bytes) > LARGE && Number(share) < SURELY_SPARSE,
    }),
    ...(kind === 'l' && { target: target ?? '' }),
  };
  return { [name.join('\t')]: entry };
}

// `<digest>  ./<name>`
function addDigest(entries: Record<string, Entry>, record: string): void {
  const [digest = ''] = record.split(' ', 1);
  const name = record.slice(digest.length + '  ./'.length);
  const entry = entries[name];
  if (entry === undefined) throw new Error(`a digest without its file: ${JSON.stringify(record)}`);
  entries[name] = { ...entry, digest };
}

const FORGET: Readonly<Record<Loss, (name: string, entry: Entry) => Entry | undefined>> = {
  symlinks: (_, entry) => (entry.kind === 'l' ? undefined : entry),
  'hard links': (_, entry) => without(entry, 'links'),
  holes: (_, entry) => without(entry, 'holes'),
  owners: (name, entry) => (name === '(many: place)' ? undefined : without(entry, 'owner')),
  modes: (name, entry) => (name === '(many: place)' ? undefined : without(entry, 'mode')),
  'setgid bits': (_, entry) =>
    entry.mode === undefined ? entry : { ...entry, mode: entry.mode.replace(/^2(?=...$)/, '') },
  'access lists': (name, entry) => (name === '(access list)' ? undefined : entry),
  'times of directories': (_, entry) => (entry.kind === 'd' ? without(entry, 'changed') : entry),
};

function without(entry: Entry, field: keyof Entry): Entry {
  const { [field]: _, ...rest } = entry;
  return rest as Entry;
}

/** What is left to compare, of a tree that has gone through a mover with these losses. */
export function lessThe(losses: readonly Loss[], entries: Entries): Entries {
  let left = Object.entries(entries);
  for (const loss of losses)
    left = left.flatMap(([name, entry]) => {
      const kept = FORGET[loss](name, entry);
      return kept === undefined ? [] : [[name, kept] as [string, Entry]];
    });
  return Object.fromEntries(left);
}
