// Two certificate authorities per stack: the cluster's, with a server certificate for every name of its API server and
// one administrator, and one that only the object store's TLS listener has its certificate from.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { inside, type Layout } from './layout.ts';
import { run } from './shell.ts';

const serverNames = [
  ...[inside.gateway, inside.apiService, '127.0.0.1'].map((address) => `IP:${address}`),
  ...[
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ].map((name) => `DNS:${name}`),
].join(',');

/** Makes them once; they are valid for ten years. */
export async function makeCertificates(layout: Layout, environment: NodeJS.ProcessEnv): Promise<void> {
  await make(layout.certificates, clusterScript, environment);
  await make(layout.objectStoreCertificates, objectStoreScript, environment);
}

async function make(folder: string, script: string, environment: NodeJS.ProcessEnv): Promise<void> {
  if (existsSync(folder)) return;
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  await run('sh', ['-ec', functions + script], { folder: unfinished, environment });
  renameSync(unfinished, folder);
}

const functions = `
key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
authority() {
  key authority
  openssl req -x509 -new -key authority.key -days 3650 -subj "$1" -out authority.crt
}
signed() {
  key $1
  openssl req -new -key $1.key -subj "$2" -out $1.request
  printf '%s\\n' "$3" > $1.extensions
  openssl x509 -req -in $1.request -CA authority.crt -CAkey authority.key -CAcreateserial -days 3650 -extfile $1.extensions -out $1.crt
  rm $1.request $1.extensions
}
`;

const clusterScript = `
authority /CN=stillpoint-stack
signed api-server /CN=kube-apiserver "subjectAltName=${serverNames}
extendedKeyUsage=serverAuth"
signed administrator /O=system:masters/CN=administrator "extendedKeyUsage=clientAuth"
key service-accounts
openssl ec -in service-accounts.key -pubout -out service-accounts.pub
`;

const objectStoreScript = `
authority /CN=stillpoint-object-store
signed server /CN=object-store "subjectAltName=IP:${inside.secureObjectStore.host}
extendedKeyUsage=serverAuth"
`;
