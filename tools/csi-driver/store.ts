// Volumes and snapshots on disk: STATE/<kind>/<id>/data is what was stored, STATE/<kind>/<id>/meta.json
// is the record. The record is written last and by rename, so its presence means that the data is whole.
import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mounted } from './mounts.ts';
import type { Parameters } from './requests.ts';

const run = promisify(execFile);

export interface Volume {
  readonly id: string;
  readonly name: string;
  readonly capacityBytes: number;
  /** What it was made from, if from anything. */
  readonly from: { readonly snapshot?: string; readonly volume?: string };
  readonly parameters: Parameters;
  /** Where it is published, and with which access mode. */
  readonly targets: Readonly<Record<string, string>>;
}

export interface Snapshot {
  readonly id: string;
  readonly name: string;
  readonly volumeId: string;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch: when the image was fixed, and when it may be used. */
  readonly cutAt: number;
  readonly readyAt: number;
  readonly parameters: Parameters;
}

/** All items of one kind. Records are written synchronously: two calls never interleave inside one. */
export class Store<T extends { readonly id: string; readonly name: string }> {
  readonly #items = new Map<string, T>();
  readonly #folder: string;
  readonly #prefix: string;

  constructor(stateFolder: string, kind: 'volumes' | 'snapshots') {
    this.#folder = join(stateFolder, kind);
    this.#prefix = kind === 'volumes' ? 'vol' : 'snap';
    mkdirSync(this.#folder, { recursive: true });
    for (const id of readdirSync(this.#folder)) this.#load(id);
  }

  get size(): number {
    return this.#items.size;
  }

  get(id: string): T | undefined {
    return this.#items.get(id);
  }

  named(name: string): T | undefined {
    return this.all().find((item) => item.name === name);
  }

  /** In a stable order, so that pages of a list fit together. */
  all(): T[] {
    return [...this.#items.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  data(id: string): string {
    return join(this.#folder, id, 'data');
  }

  /** Makes a new item: `fill` puts the data in place and returns the record. A failure leaves nothing behind. */
  async create(fill: (id: string, data: string) => Promise<T>): Promise<T> {
    const id = `${this.#prefix}-${randomUUID()}`;
    try {
      mkdirSync(this.data(id), { recursive: true });
      const item = await fill(id, this.data(id));
      this.save(item);
      return item;
    } catch (error) {
      rmSync(join(this.#folder, id), { recursive: true, force: true });
      throw error;
    }
  }

  save(item: T): void {
    const record = join(this.#folder, item.id, 'meta.json');
    writeFileSync(`${record}.new`, JSON.stringify(item));
    renameSync(`${record}.new`, record);
    this.#items.set(item.id, item);
  }

  /** The record goes first: what a crash leaves is then an unfinished item, not a damaged one. */
  async remove(id: string): Promise<void> {
    rmSync(join(this.#folder, id, 'meta.json'), { force: true });
    this.#items.delete(id);
    await run('rm', ['-rf', join(this.#folder, id)]);
  }

  #load(id: string): void {
    const record = join(this.#folder, id, 'meta.json');
    if (!existsSync(record)) return this.#dropUnfinished(id);
    this.#items.set(id, JSON.parse(readFileSync(record, 'utf8')));
  }

  // It may be a file system of its own, which outlives the process that mounted it.
  #dropUnfinished(id: string): void {
    if (mounted(this.data(id))) execFileSync('umount', [this.data(id)]);
    rmSync(join(this.#folder, id), { recursive: true, force: true });
  }
}

/** Copies a volume's content with owners, modes and times; shares blocks where the file system can. */
export async function copyData(from: string, to: string): Promise<void> {
  await run('cp', ['-a', '--reflink=auto', `${from}/.`, `${to}/`]);
}
