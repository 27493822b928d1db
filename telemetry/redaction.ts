// What a log line may not show: values under names that hold secrets, the values of a Secret object,
// credentials inside URLs, private keys. Names of Secrets and of their keys are no secrets.
import { HIDDEN, redactedText } from '../domain/redacted-text.ts';

const SECRET_NAME =
  /passw(or)?d|passphrase|authorization|credentials?$|token$|secret_?access|access_?key$|account_?key|application_?key|private_?key|^psk/i;
const MAX_DEPTH = 8;

/** A copy of the fields that may be written to a log. */
export function redacted(fields: object): object {
  return Object.fromEntries(entries(fields, 0));
}

function entries(fields: object, depth: number): [string, unknown][] {
  const secretObject = 'kind' in fields && fields.kind === 'Secret';
  // A container's environment: { name: 'RESTIC_PASSWORD', value: 'x' }.
  const secretVariable = 'name' in fields && typeof fields.name === 'string' && SECRET_NAME.test(fields.name);
  return Object.entries(fields).map(([name, value]): [string, unknown] => {
    const hidden =
      holdsSecret(name, value) ||
      (secretObject && (name === 'data' || name === 'stringData')) ||
      (secretVariable && name === 'value');
    return [name, hidden ? HIDDEN : withoutSecrets(value, depth + 1)];
  });
}

/** `{ password: 'x' }` holds one; `{ token: undefined }` and `{ passwords: 3 }` do not. */
function holdsSecret(name: string, value: unknown): boolean {
  return (
    SECRET_NAME.test(name) && (typeof value === 'string' || (typeof value === 'object' && value !== null))
  );
}

function withoutSecrets(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactedText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date) return value;
  if (depth > MAX_DEPTH) return '[deeper than the log shows]';
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1));
  return Object.fromEntries(entries(value, depth));
}

function describeError(error: Error, depth: number): object {
  const { name, message, stack = '', cause } = error;
  // An error's own fields (code, reason, retryAfterSeconds) are enumerable; the four above are not.
  const fields = entries(error, depth).filter(([field]) => field !== 'name');
  return {
    ...Object.fromEntries(fields),
    type: name,
    message: redactedText(message),
    stack: redactedText(stack),
    ...(cause === undefined || depth > MAX_DEPTH ? {} : { cause: withoutSecrets(cause, depth + 1) }),
  };
}
