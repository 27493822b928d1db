import { describe, expect, it } from 'vitest';
import { signedPut } from '../../tools/demo/bucket.ts';

describe('the request for a bucket', () => {
  it('names who asks, when, and what was signed', () => {
    const keys = { accessKey: 'demo-key', secretKey: 'demo-secret' };
    const headers = signedPut(
      new URL('http://127.0.0.1:9000/demo'),
      keys,
      new Date('2026-11-22T14:05:03.123Z'),
    );
    expect(headers['x-amz-date']).toBe('20261122T140503Z');
    expect(headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=demo-key\/20261122\/us-east-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
  });

  it('is signed anew for another secret, time or bucket', () => {
    const sign = (secretKey: string, path: string, second: number) =>
      signedPut(
        new URL(`http://127.0.0.1:9000${path}`),
        { accessKey: 'key', secretKey },
        new Date(second * 1000),
      )['authorization'];
    const signatures = [
      sign('a', '/demo', 1),
      sign('b', '/demo', 1),
      sign('a', '/other', 1),
      sign('a', '/demo', 2),
    ];
    expect(new Set(signatures).size).toBe(4);
  });
});
