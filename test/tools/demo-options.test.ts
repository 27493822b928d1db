import { describe, expect, it } from 'vitest';
import { readChoice } from '../../tools/demo/options.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
const OWN = ['--context', 'kind', '--temporal', '127.0.0.1:7233'];
const STORAGE = ['--repository', 's3:https://s3.example.com/bucket', '--mover-image', 'example.com/mover:1'];

describe("the demo's command line", () => {
  it('starts the local stack when nothing is said', () => {
    expect(readChoice([], {})).toEqual({ on: 'stack', name: 'demo' });
  });

  it("plays on a cluster and a Temporal of one's own", () => {
    expect(readChoice([...OWN, ...STORAGE, '--temporal-ui', 'http://127.0.0.1:8233/'], KEYS)).toEqual({
      on: 'own cluster',
      context: 'kind',
      temporal: '127.0.0.1:7233',
      temporalUi: 'http://127.0.0.1:8233',
      repository: 's3:https://s3.example.com/bucket',
      accessKey: 'key',
      secretKey: 'secret',
      moverImage: 'example.com/mover:1',
      applicationImage: 'busybox:stable',
    });
  });

  it('plays another scene where one is named, on the local stack only', () => {
    expect(readChoice(['--scene', 'dead-man'], {})).toEqual({ on: 'stack', name: 'demo', scene: 'dead-man' });
    expect(() => readChoice(['--scene', 'hamlet'], {})).toThrow(
      'There is no scene hamlet; there is dead-man.',
    );
    expect(() => readChoice([...OWN, ...STORAGE, '--scene', 'dead-man'], KEYS)).toThrow(
      'The scene dead-man kills Temporal: it plays on the local stack only.',
    );
  });

  it('says in one sentence all that is missing', () => {
    expect(() => readChoice(OWN, {})).toThrow(
      'A cluster of your own also needs --repository s3:https://<endpoint>/<bucket>, ' +
        'AWS_ACCESS_KEY_ID in the environment, AWS_SECRET_ACCESS_KEY in the environment, ' +
        '--mover-image <image> (docker build images/mover).',
    );
    expect(() => readChoice(['--context', 'kind', ...STORAGE], KEYS)).toThrow(
      'A cluster of your own also needs --temporal <address>.',
    );
  });

  it('refuses a repository that is no S3 bucket', () => {
    const words = [...OWN, '--repository', 's3:https://s3.example.com/', '--mover-image', 'mover'];
    expect(() => readChoice(words, KEYS)).toThrow('--repository is "s3:https://s3.example.com/", expected');
  });

  it('refuses storage for the local stack, which brings its own', () => {
    expect(() => readChoice(STORAGE, KEYS)).toThrow('those options go with --context');
  });
});
