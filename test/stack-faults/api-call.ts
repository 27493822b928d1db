// A request to the API server, as the fault proxy sees it.
import type { IncomingMessage } from 'node:http';

export interface ApiCall {
  readonly verb: 'get' | 'list' | 'watch' | 'log' | 'create' | 'patch' | 'delete';
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** `stillpoint/worker` or `stillpoint/controller`. */
  readonly userAgent: string;
  readonly body: string;
}

/** A call fits when every field that is given does. */
export type Match = { readonly [Field in keyof ApiCall]?: ApiCall[Field] | RegExp };

export function fits(call: ApiCall, match: Match): boolean {
  return (Object.keys(match) as (keyof ApiCall)[]).every((field) => {
    const wanted = match[field];
    return wanted instanceof RegExp ? wanted.test(call[field]) : wanted === call[field];
  });
}

export function readCall(request: IncomingMessage, body: string): ApiCall {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://proxy');
  const named = readPath(pathname);
  const userAgent = request.headers['user-agent'] ?? '';
  const watch = searchParams.get('watch') === 'true';
  return { verb: watch ? 'watch' : verbOf(request.method, named), ...named, userAgent, body };
}

type Named = Pick<ApiCall, 'resource' | 'namespace' | 'name' | 'subresource'>;

// /api/v1/… and /apis/<group>/<version>/…
function readPath(path: string): Named {
  const words = path.split('/').slice(path.startsWith('/apis/') ? 4 : 3);
  const within = words[0] === 'namespaces' && words.length > 2;
  const [resource = '', name = '', subresource = ''] = within ? words.slice(2) : words;
  return { resource, name, subresource, namespace: within ? (words[1] ?? '') : '' };
}

function verbOf(method: string | undefined, { name, subresource }: Named): ApiCall['verb'] {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    case undefined:
    default:
      if (subresource === 'log') return 'log';
      return name === '' ? 'list' : 'get';
  }
}
