// The object store of the local stack has no buckets of its own, and restic waits a minute for one that is missing.
import { createHash, createHmac } from 'node:crypto';
import type { ObjectStore } from '../stack/stack.ts';
import { DemoError } from './failure.ts';

export const BUCKET = 'demo';

/** Makes the demo's bucket, or finds the one of an earlier run. */
export async function makeBucket(store: ObjectStore): Promise<void> {
  const url = new URL(`/${BUCKET}`, store.endpointFromHost);
  const answer = await fetch(url, { method: 'PUT', headers: signedPut(url, store, new Date()) });
  if (answer.ok || answer.status === ALREADY_THERE) return;
  throw new DemoError(
    `The object store refused to make the bucket ${BUCKET}: ${answer.status} ${await answer.text()}.`,
  );
}

const ALREADY_THERE = 409;
const NOTHING = createHash('sha256').update('').digest('hex');
const REGION = 'us-east-1';

/** Headers of a PUT without a body, signed by AWS Signature Version 4, which S3 servers ask for. */
export function signedPut(
  url: URL,
  { accessKey, secretKey }: Pick<ObjectStore, 'accessKey' | 'secretKey'>,
  now: Date,
): Record<string, string> {
  const time = now.toISOString().replace(/\.\d+|[-:]/g, '');
  const scope = [time.slice(0, 8), REGION, 's3', 'aws4_request'];
  const headers = { host: url.host, 'x-amz-content-sha256': NOTHING, 'x-amz-date': time };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const request = ['PUT', url.pathname, '', lines.join(''), names, NOTHING].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<string | Buffer>((parent, part) => hmac(parent, part), `AWS4${secretKey}`);
  const signature = hmac(key, text).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
