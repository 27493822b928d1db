import { describe, expect, it } from 'vitest';
import { isRefused, isTransient, refused } from '../../kubernetes/kubernetes-error.ts';

describe('an answer of the API server', () => {
  it.each([
    { code: 400, says: 'refused' },
    { code: 403, says: 'refused' },
    { code: 404, says: 'neither' },
    { code: 409, says: 'neither' },
    { code: 410, says: 'neither' },
    { code: 413, says: 'refused' },
    { code: 422, says: 'refused' },
    { code: 429, says: 'transient' },
    { code: 500, says: 'transient' },
    { code: 503, says: 'transient' },
  ])('$code is $says: nobody stands still for what only a person can mend', ({ code, says }) => {
    const error = refused('create jobs shop/orders', { code, body: 'no' });
    expect([isRefused(error), isTransient(error)]).toEqual([says === 'refused', says === 'transient']);
  });
});
