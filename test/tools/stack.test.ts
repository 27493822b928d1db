// The parts of the local stack that can be proved without one.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildLine } from '../../tools/stack/binaries.ts';
import { cached, hashOf } from '../../tools/stack/cache.ts';
import { librariesIn } from '../../tools/stack/debian-packages.ts';
import { shellExports } from '../../tools/stack/environment.ts';
import { writeWhenChanged } from '../../tools/stack/files.ts';
import { sanityModule, stackModules } from '../../tools/stack/go-modules.ts';
import { foldersOf, layoutOf } from '../../tools/stack/layout.ts';
import { withLock } from '../../tools/stack/lock.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { isOlder, parseGoVersion } from '../../tools/stack/prerequisites.ts';
import { identityOf, isAlive, parseStat } from '../../tools/stack/process-identity.ts';
import { familyOf, parseMarks, type MarkedProcess } from '../../tools/stack/processes.ts';
import { minutesAndSeconds } from '../../tools/stack/progress.ts';
import { until } from '../../tools/stack/readiness.ts';
import { run, shellQuote } from '../../tools/stack/shell.ts';
import { describe as describeStack } from '../../tools/stack/stack.ts';
import { statusTable } from '../../tools/stack/status.ts';

const quiet = () => {};
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stack-test-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the cache', () => {
  const before = process.env['XDG_CACHE_HOME'];

  beforeEach(() => {
    process.env['XDG_CACHE_HOME'] = folder;
  });

  afterEach(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
  });

  test('makes a part once, however many ask for it at the same time', async () => {
    let made = 0;
    const ask = () =>
      cached({
        part: 'greeting',
        madeFrom: ['hello'],
        say: quiet,
        make: async (target) => {
          made += 1;
          await sleep(20);
          writeFileSync(join(target, 'hello'), 'hello');
        },
      });
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(made).toBe(1);
    expect(second).toBe(first);
    expect(readFileSync(join(first, 'hello'), 'utf8')).toBe('hello');
    expect(await ask()).toBe(first);
    expect(made).toBe(1);
  });

  test('keeps nothing of a part that could not be finished, and makes it anew the next time', async () => {
    const ask = (make: (target: string) => Promise<void>) =>
      cached({ part: 'greeting', madeFrom: ['hello'], say: quiet, make });
    const broken = ask(async (target) => {
      writeFileSync(join(target, 'half'), '');
      throw new Error('the disk is full');
    });
    await expect(broken).rejects.toThrow('the disk is full');
    const made = await ask(async (target) => writeFileSync(join(target, 'whole'), ''));
    expect(readdirSync(made)).toEqual(['whole']);
  });

  test('keeps parts apart that are made from the same letters', () => {
    expect(hashOf(['ab', 'c'])).not.toBe(hashOf(['a', 'bc']));
  });
});

describe('a lock', () => {
  test('is taken over from a holder that no longer lives', async () => {
    const path = join(folder, 'lock');
    writeFileSync(path, '1 1 another-boot');
    expect(await withLock({ path }, async () => 'done')).toBe('done');
    expect(existsSync(path)).toBe(false);
  });

  test('is free again after its action has failed', async () => {
    const path = join(folder, 'lock');
    await expect(withLock({ path }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withLock({ path }, async () => 'done')).toBe('done');
  });

  test('never lets two actions run at once', async () => {
    const path = join(folder, 'lock');
    let inside = 0;
    const action = async () => {
      inside += 1;
      expect(inside).toBe(1);
      await sleep(5);
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock({ path }, action)));
    expect(inside).toBe(0);
  });
});

describe('a process', () => {
  test('is known by pid, start time and boot together', () => {
    const identity = identityOf(process.pid) ?? '';
    expect(isAlive(identity)).toBe(true);
    expect(isAlive(identity.replace(/ \d+ /, ' 1 '))).toBe(false);
    expect(isAlive(identity.replace(/[^ ]+$/, 'another-boot'))).toBe(false);
  });

  test('is read rightly when its name holds blanks and brackets', () => {
    const rest = Array.from({ length: 20 }, (_, index) => String(index + 100)).join(' ');
    expect(parseStat(`42 (a) b (c)) S 7 ${rest}`)).toEqual({ parent: 7, startTime: '117', stopped: false });
  });

  test('counts as gone when it is a zombie', () => {
    expect(parseStat(`42 (sh) Z 7 ${'0 '.repeat(30)}`)).toBeUndefined();
  });
});

describe('the services of a stack', () => {
  const found = (process: Omit<MarkedProcess, 'startTime' | 'stopped'>): MarkedProcess => ({
    ...process,
    startTime: '1',
    stopped: false,
  });

  test('are told from every other process by their marks', () => {
    const marks = ['PATH=/bin', 'STILLPOINT_STACK=/var/tmp/stillpoint/a', 'STILLPOINT_SERVICE=etcd'];
    expect(parseMarks(marks)).toEqual({ stack: '/var/tmp/stillpoint/a', service: 'etcd', marked: 'loop' });
    expect(parseMarks([...marks, 'STILLPOINT_MAIN=1'])?.marked).toBe('main');
    expect(parseMarks(['STILLPOINT_STACK=/var/tmp/stillpoint/a'])).toBeUndefined();
    expect(parseMarks([])).toBeUndefined();
  });

  test('have one main process, though its children carry the same marks', () => {
    const loop = found({ pid: 10, parent: 1, service: 'containerd', marked: 'loop' });
    const main = found({ pid: 11, parent: 10, service: 'containerd', marked: 'main' });
    const shim = found({ pid: 12, parent: 11, service: 'containerd', marked: 'main' });
    const other = found({ pid: 20, parent: 1, service: 'etcd', marked: 'loop' });
    expect(familyOf('containerd', [shim, other, main, loop])).toEqual({
      loop,
      main,
      all: [shim, main, loop],
    });
  });

  test('have no main process when their loop is gone: what is left are orphans', () => {
    const orphan = found({ pid: 11, parent: 1, service: 'etcd', marked: 'main' });
    expect(familyOf('etcd', [orphan])).toEqual({ all: [orphan] });
  });

  test('are shown with their state and memory, and a total', () => {
    const table = statusTable([
      { service: 'etcd', state: 'up', pid: 7, memoryMebibytes: 40.4 },
      { service: 'temporal', state: 'down', memoryMebibytes: 0 },
    ]);
    expect(table).toMatch(/etcd +up +7 +40\n/);
    expect(table).toMatch(/temporal +down +– +0\n/);
    expect(table).toMatch(/total +1\/2 up +40$/);
  });
});

describe('a stack name', () => {
  test('is refused when it would break a path, an interface or a cgroup', () => {
    for (const name of ['', 'Demo', '1st', 'a/b', '..', 'a b', 'x'.repeat(21)])
      expect(() => layoutOf(name), name).toThrow('must be 1 to 20');
  });

  test('never makes a socket path longer than the kernel allows', () => {
    const { driverSocket, containerdSocket, insideSocket, state } = layoutOf('x'.repeat(20));
    const registration = join(state, 'kubelet/plugins_registry/dir.csi.stillpoint.dev-reg.sock');
    for (const socket of [driverSocket, containerdSocket, insideSocket, registration])
      expect(socket.length, socket).toBeLessThanOrEqual(107);
  });

  test('keeps everything of one stack below one folder', () => {
    const layout = layoutOf('one');
    for (const path of foldersOf(layout)) expect(path).toMatch(/^\/var\/tmp\/stillpoint\/one\//);
  });
});

describe('what people read', () => {
  test('names what is being built, how far it is and how long it usually takes', () => {
    const module = { part: 'p', programs: ['kubelet', 'kubectl', 'etcd'], usualMinutes: 8 };
    const at = { before: 2, total: 14, passed: '2:31' };
    expect(buildLine(module, ['kubectl'], at)).toBe(
      'building kubelet and 1 more … 3 of 14 done, usually 8 minutes, 2:31 so far',
    );
    expect(minutesAndSeconds(151_900)).toBe('2:31');
  });

  test('sets up a shell that finds the stack', async () => {
    const ports = { apiServer: 1, temporal: 2, temporalUi: 3, objectStore: 4 };
    const stack = describeStack(layoutOf('one'), { ports, accessKey: 'a', secretKey: 's' });
    const script = `${shellExports(stack)}\necho "$TEMPORAL_ADDRESS $TEMPORAL_UI $KUBECONFIG"; command -v sh`;
    const printed = await run('sh', ['-ec', script]);
    expect(printed).toContain('127.0.0.1:2 http://127.0.0.1:3 /var/tmp/stillpoint/one/kubeconfig');
    expect(printed).toContain('/sh'); // The PATH that was there is still searched.
  });

  test('says which program failed, and its last words', async () => {
    const failing = run('sh', ['-c', 'echo the disk is full >&2; exit 3']);
    await expect(failing).rejects.toThrow(/^`sh -c .*` ended with 3: the disk is full$/);
    await expect(run('no-such-program', [])).rejects.toThrow('no-such-program could not be started');
  });

  test('names the part that did not become ready, its last error and its log', async () => {
    const waiting = until({ what: 'etcd', log: '/logs/etcd.log', limitSeconds: 0.1 }, () =>
      Promise.reject(new Error('connection refused')),
    );
    await expect(waiting).rejects.toThrow(
      'etcd did not become ready in 0.1 s (connection refused); see /logs/etcd.log.',
    );
  });
});

describe('what the stack is made of', () => {
  test('is built of versions that are pinned', () => {
    for (const { part, install } of [...stackModules, sanityModule]) {
      if (install !== undefined) expect(install).toMatch(/@v\d+\.\d+\.\d+$/);
      else expect(existsSync(join('tools/stack/binaries', part, 'go.sum')), part).toBe(true);
    }
  });

  test('takes the libraries that Debian programs need, but never a second libc', () => {
    const answer = [
      'nftables',
      '  Depends: libnftables1',
      '  Depends: libc6',
      ' |Depends: libedit2',
      '  PreDepends: libmnl0',
      '  Depends: <libvirtual>',
      '  Depends: debconf',
    ].join('\n');
    expect(librariesIn(answer)).toEqual(['libnftables1', 'libedit2', 'libmnl0']);
  });

  test('wants a Go that is new enough, and compares versions as numbers', () => {
    expect(parseGoVersion('go1.26.8\n')).toBe('1.26');
    expect(parseGoVersion('')).toBeUndefined();
    expect(isOlder('1.9', '1.26')).toBe(true);
    expect(isOlder('1.26', '1.26')).toBe(false);
    expect(isOlder('2.0', '1.26')).toBe(false);
  });
});

test('ports are all different and below those that Linux gives to outgoing connections', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  expect(ports.every((port) => port >= 20_000 && port < 32_768)).toBe(true);
});

test('a file with the same text is not touched, because kube-proxy would exit', () => {
  const file = join(folder, 'kube-proxy.yaml');
  writeWhenChanged(file, 'mode: nftables');
  const before = statSync(file).ino;
  writeWhenChanged(file, 'mode: nftables');
  expect(statSync(file).ino).toBe(before);
  writeWhenChanged(file, 'mode: iptables');
  expect(readFileSync(file, 'utf8')).toBe('mode: iptables');
});

test('a quoted word is the same word again for a shell', async () => {
  for (const word of ['plain', 'two words', "it's", '$HOME `x` "y"', ''])
    expect(await run('sh', ['-c', `printf %s ${shellQuote(word)}`]), word).toBe(word);
});
