// Everything a stack is made of, made or found in the cache.
import { binaries } from './binaries.ts';
import { debianPackages } from './debian-packages.ts';
import type { Say } from './shell.ts';

export interface Toolchain {
  readonly pathOf: (program: string) => string;
  readonly programs: readonly string[];
  readonly snapshotDefinitions: string;
  readonly cniFolder: string;
  /** PATH and LD_LIBRARY_PATH for containerd, nft, ip and openssl. */
  readonly environment: { readonly PATH: string; readonly LD_LIBRARY_PATH: string };
}

export async function toolchain(say: Say): Promise<Toolchain> {
  return { ...(await debianPackages(say)), ...(await binaries(say)) };
}
