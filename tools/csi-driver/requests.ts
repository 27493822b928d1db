// The fields of CSI's requests that this driver reads, as proto-loader gives them: an unset string is
// '', an unset number 0, an unset message null.

import { Refusal } from './refusal.ts';

export type Parameters = Readonly<Record<string, string>>;

export interface Capability {
  readonly access_type?: 'mount' | 'block';
  readonly access_mode?: { readonly mode: string } | null;
}

export interface CapacityRange {
  readonly required_bytes: number;
  readonly limit_bytes: number;
}

export interface CreateVolume {
  readonly name: string;
  readonly capacity_range: CapacityRange | null;
  readonly volume_capabilities: readonly Capability[];
  readonly parameters: Parameters;
  readonly volume_content_source: {
    readonly snapshot?: { readonly snapshot_id: string };
    readonly volume?: { readonly volume_id: string };
  } | null;
}

export interface ValidateCapabilities {
  readonly volume_id: string;
  readonly volume_context: Parameters;
  readonly volume_capabilities: readonly Capability[];
  readonly parameters: Parameters;
}

export interface ExpandVolume {
  readonly volume_id: string;
  readonly capacity_range: CapacityRange | null;
}

export interface CreateSnapshot {
  readonly name: string;
  readonly source_volume_id: string;
  readonly parameters: Parameters;
}

export interface Listing {
  readonly starting_token: string;
  readonly max_entries: number;
}

export interface ListSnapshots extends Listing {
  readonly snapshot_id: string;
  readonly source_volume_id: string;
}

export interface PublishVolume {
  readonly volume_id: string;
  readonly target_path: string;
  readonly volume_capability: Capability | null;
  readonly readonly: boolean;
}

export interface UnpublishVolume {
  readonly volume_id: string;
  readonly target_path: string;
}

export interface VolumeStats {
  readonly volume_id: string;
  readonly volume_path: string;
}

/** Refuses what a folder cannot be: a block device, or nothing in particular. */
export function whyUnsupported(capability: Capability): string | undefined {
  if (capability.access_type === 'mount') return undefined;
  return capability.access_type === 'block'
    ? 'block volumes are not supported'
    : 'the capability lacks its access type';
}

/** One page of a list; the token is the index at which the next page starts. */
export function pageOf<T>(all: readonly T[], listing: Listing): { page: readonly T[]; next: string } {
  const { starting_token, max_entries } = listing;
  const start = Number(starting_token || 0);
  if (!Number.isInteger(start) || start < 0 || start > all.length) {
    throw new Refusal('ABORTED', `starting_token ${starting_token} is not one that this driver gave out`);
  }
  const end = max_entries > 0 ? Math.min(all.length, start + max_entries) : all.length;
  return { page: all.slice(start, end), next: end < all.length ? String(end) : '' };
}
