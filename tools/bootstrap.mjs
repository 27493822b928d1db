// Runs one of our TypeScript programs on a fresh clone: installs the npm packages when package-lock.json
// has changed since the last time, then hands over to the Node 24 that they contain.
// Plain JavaScript for Node 20, and nothing imported, because it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const stamp = join(root, 'node_modules', '.stillpoint-installed');
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

if (!isInstalled() && !(await alone(installPackages))) process.exit(1);
await run(join(root, 'node_modules', '.bin', 'node'), node24Arguments(process.argv.slice(2)));

function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
}

// Two commands at once must not both empty node_modules: the second one waits for the first.
async function alone(work) {
  const folder = join(root, 'node_modules.lock');
  while (!taken(folder)) {
    if (!isAlive(ownerOf(folder))) rmSync(folder, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    return isInstalled() || (await work());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function taken(folder) {
  try {
    mkdirSync(folder);
    writeFileSync(join(folder, 'pid'), String(process.pid));
    return true;
  } catch {
    return false;
  }
}

// A lock without a pid was taken this very moment: its owner counts as alive.
function ownerOf(folder) {
  const file = join(folder, 'pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : process.pid;
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function installPackages() {
  console.error('stillpoint: installing npm packages (once per change of package-lock.json, about a minute)');
  const code = await started('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], ['ignore', 2, 2]);
  if (code !== 0) {
    console.error(
      'stillpoint: npm ci failed; its messages stand above. Check the npm registry setting and try again.',
    );
    return false;
  }
  writeFileSync(stamp, lock);
  return true;
}

function node24Arguments([program, ...args]) {
  return ['--disable-warning=ExperimentalWarning', join(root, program), ...args];
}

async function run(command, args) {
  process.exit(await started(command, args, 'inherit'));
}

// The terminal sends SIGINT to the whole group; a supervisor sends SIGTERM to this process alone.
function started(command, args, stdio) {
  const child = spawn(command, args, { cwd: root, stdio });
  const forward = () => child.kill('SIGTERM');
  const ignore = () => {};
  process.on('SIGTERM', forward).on('SIGINT', ignore);
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGINT', ignore);
      resolve(signal ? 128 + constants.signals[signal] : code);
    });
  });
}
