import { describe, expect, it } from 'vitest';
import { isHeld } from '../../domain/neighbours.ts';

const RENEWED = '2026-07-02T10:00:00.000000Z';
const now = Date.parse(RENEWED);
const lease = (spec: object) => ({
  metadata: { name: 'lease' },
  spec: { holderIdentity: 'volsync-1', leaseDurationSeconds: 137, renewTime: RENEWED, ...spec },
});

describe('VolSync’s lease', () => {
  it('is held until it has run out', () => {
    expect(isHeld(lease({}), now + 136_000)).toBe(true);
    expect(isHeld(lease({}), now + 137_000)).toBe(false);
  });

  it('is not held once it was given back', () => {
    expect(isHeld(lease({ holderIdentity: '' }), now)).toBe(false);
  });

  it('is not held when it says nothing', () => {
    expect(isHeld({ metadata: { name: 'lease' } }, now)).toBe(false);
  });
});
