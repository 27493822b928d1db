import { describe, expect, it } from 'vitest';
import { createLog } from '../../telemetry/log.ts';
import type { Log, LogLevel } from '../../telemetry/log.ts';

function writing(level?: LogLevel): { log: Log; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const log = createLog('worker', level, { write: (line) => void written.push(line) });
  return { log, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

function loggedOf(fields: Record<string, unknown>): string {
  const { log, lines } = writing();
  log.info('something happened', fields);
  return JSON.stringify(lines());
}

describe('a log line', () => {
  it('is a constant message with fields', () => {
    const { log, lines } = writing();
    log.child({ source: 'shop/orders' }).info('copy taken', { seconds: 2 });
    expect(lines()).toMatchObject([
      { level: 'info', component: 'worker', source: 'shop/orders', msg: 'copy taken', seconds: 2 },
    ]);
  });

  it('of a lower level is left out', () => {
    const { log, lines } = writing('error');
    log.info('nothing special');
    log.error('something broke');
    expect(lines().map(({ msg }) => msg)).toEqual(['something broke']);
  });

  it('shows an error with its reason and its cause', () => {
    const { log, lines } = writing();
    const cause = new Error('socket closed');
    log.error('call failed', {
      error: Object.assign(new Error('no answer', { cause }), { reason: 'Unreachable' }),
    });
    expect(lines()).toMatchObject([
      {
        error: {
          type: 'Error',
          message: 'no answer',
          reason: 'Unreachable',
          cause: { message: 'socket closed' },
        },
      },
    ]);
  });
});

describe('a secret', () => {
  it.each<[string, Record<string, unknown>]>([
    ['under a telling name', { RESTIC_PASSWORD: 'hunter2' }],
    [
      'as the keys of a cloud account',
      { env: { AWS_SECRET_ACCESS_KEY: 'hunter2', AZURE_ACCOUNT_KEY: 'hunter2' } },
    ],
    ['as a list of bytes', { password: ['hunter2'] }],
    ['in a Secret object', { object: { kind: 'Secret', data: { anything: 'hunter2' } } }],
    ["in a container's environment", { env: [{ name: 'RESTIC_PASSWORD', value: 'hunter2' }] }],
    ['inside a URL', { repository: 'rest:https://user:hunter2@backup.example/repo' }],
    ['in an Authorization header', { text: 'sent Authorization: Bearer hunter2' }],
    [
      'as a private key',
      { text: '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----' },
    ],
    ["in an error's message", { error: new Error('cannot open s3:https://id:hunter2@host') }],
    ["in an error's cause", { error: new Error('failed', { cause: new Error('https://id:hunter2@host') }) }],
  ])('%s is not written', (_, fields) => {
    expect(loggedOf(fields)).not.toContain('hunter2');
  });

  it("in a child's field is not written", () => {
    const { log, lines } = writing();
    log.child({ token: 'hunter2' }).info('started');
    expect(JSON.stringify(lines())).not.toContain('hunter2');
  });

  it('leaves what is no secret: names of Secrets, of their keys, and triggers', () => {
    const fields = {
      secret: 'restic-secret',
      secretKeys: ['RESTIC_PASSWORD'],
      trigger: 'trigger-1',
      kind: 'Secret',
    };
    expect(loggedOf(fields)).toContain(JSON.stringify(fields).slice(1, -1));
  });
});
