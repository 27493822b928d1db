import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import { COMMANDS } from '../../client/cli/catalogue.ts';
import { candidates, completionScript } from '../../client/cli/completion.ts';
import { durationFlag } from '../../client/cli/durations.ts';
import { CliError, EXIT, endingOf } from '../../client/cli/exit.ts';

describe('the commands', () => {
  it('are all there, each in a file that loads', async () => {
    for (const { load } of COMMANDS) expect(typeof (await load()).run).toBe('function');
  });

  it('are all shown in docs/cli.md, and no others', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
    const shown = Array.from(page.matchAll(/^## `([a-z]+)/gm), ([, name = '']) => name);
    expect(shown.toSorted()).toEqual([...COMMANDS.map(({ name }) => name), 'completion'].toSorted());
  });
});

describe('a duration on the command line', () => {
  it('is Go’s, and anything else is refused with a sentence', () => {
    const typed = (timeout: string) => ({ words: [], flags: { timeout } });
    expect(durationFlag(typed('1m30s'), 'timeout')).toBe(90_000);
    expect(durationFlag({ words: [], flags: {} }, 'timeout')).toBeUndefined();
    expect(() => durationFlag(typed('soon'), 'timeout')).toThrow(/it is a duration like 90s or 10m/);
    expect(() => durationFlag(typed('0s'), 'timeout')).toThrow(CliError);
  });
});

describe('an ending', () => {
  it('is one sentence with an exit code that scripts can tell apart', () => {
    expect(endingOf(new CliError('it failed'))).toEqual({ code: EXIT.failed, sentence: 'it failed' });
    expect(endingOf(new CliError('too late', EXIT.timedOut)).code).toBe(4);
    const forbidden = new KubernetesError({ code: 403, reason: 'Forbidden', message: 'list pods: no' });
    expect(endingOf(forbidden)).toEqual({ code: EXIT.unavailable, sentence: 'list pods: no' });
  });

  it('never shows a stack, but says where to find it', () => {
    const { code, sentence } = endingOf(new TypeError('x is not a function\n    at y'));
    expect(code).toBe(EXIT.failed);
    expect(sentence).toBe('unexpected: x is not a function (STILLPOINT_DEBUG=1 shows where)');
    expect(endingOf(new TypeError('x'), true).sentence).toContain('command-line.test.ts');
  });
});

describe('the program', () => {
  const program = join(import.meta.dirname, '../../bin/stillpoint');
  const run = (env: Readonly<Record<string, string>>, ...words: readonly string[]) =>
    spawnSync(program, words, { env: { PATH: process.env['PATH'], ...env }, encoding: 'utf8' });

  it('says in one sentence that there is no kubeconfig', () => {
    const home = mkdtempSync(join(tmpdir(), 'stillpoint-cli-'));
    const ran = run({ HOME: home }, 'status');
    expect(ran).toMatchObject({
      status: EXIT.unavailable,
      stdout: '',
      stderr: 'error: There is no kubeconfig: set KUBECONFIG, or name one with --kubeconfig.\n',
    });
  });

  it('says in one sentence which API server gives no answer, and as which context it was asked', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'stillpoint-cli-')), 'config');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'nowhere',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'nowhere', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    };
    writeFileSync(file, JSON.stringify(config));
    const { status, stdout, stderr } = run({}, 'status', '--kubeconfig', file);
    expect({ status, stdout }).toEqual({ status: EXIT.unavailable, stdout: '' });
    expect(stderr).toMatch(
      /^error: Cannot use the Kubernetes API server https:\/\/127\.0\.0\.1:1 \(context "nowhere"\): .+\n$/,
    );
  });

  it('shows what there is to a wrong word, with exit code 2', () => {
    const { status, stderr } = run({}, 'stauts');
    expect(status).toBe(EXIT.usage);
    expect(stderr).toMatch(/^error: unknown command 'stauts'/);
    expect(stderr).toContain('Did you mean status?');
  });
});

describe('the completion', () => {
  it('offers commands, their flags, and the formats', async () => {
    expect(await candidates(['s'])).toEqual(['status', 'sync']);
    expect(await candidates(['trigger', '--t'])).toEqual([
      '--timeout',
      '--temporal-address',
      '--temporal-namespace',
    ]);
    expect(await candidates(['status', '-o', ''])).toEqual(['json', 'yaml', 'wide']);
  });

  it('has a script for bash, zsh and fish, and a sentence for others', () => {
    for (const shell of ['bash', 'zsh', 'fish'])
      expect(completionScript(shell)).toContain('stillpoint __complete');
    expect(() => completionScript('tcsh')).toThrow('There is completion for bash, zsh, fish, not tcsh.');
  });
});
