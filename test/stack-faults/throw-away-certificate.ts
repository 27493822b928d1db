import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../tools/stack/shell.ts';

export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

/** For 127.0.0.1, signed by itself. */
export async function makeCertificate(): Promise<Certificate> {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-certificate-'));
  try {
    await run('sh', ['-ec', script], { folder });
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    return { key: read('proxy.key'), certificate: read('proxy.crt') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const script = `
openssl ecparam -name prime256v1 -genkey -noout -out proxy.key
openssl req -x509 -new -key proxy.key -days 2 -subj /CN=fault-proxy -addext subjectAltName=IP:127.0.0.1 -out proxy.crt
`;
