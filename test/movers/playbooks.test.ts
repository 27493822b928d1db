// docs/movers/playbooks.md names, for each of VolSync's playbooks (reference VolSync §8, marked A, B or C, less Block), tests
// of ours that there are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { titlesIn } from '../test-titles.ts';

const root = join(import.meta.dirname, '..', '..');

const PLAYBOOKS = `
  restic_manual_normal restic_manual_normal_copy_trigger restic_manual_normal_cleanup_pvcs
  restic_manual_normal_localpvcrepo restic_manual_normal_longname restic_manual_normal_restore_emptyrepo
  restic_manual_priv restic_with_customca_configmap restic_with_customca_secret
  restic_with_previous restic_with_restoreasof restic_with_restoreoptions restic_without_trigger
  rclone_normal rclone_priv rclone_with_customca_configmap rclone_with_customca_secret
  multi_sync_snapshot_rclone multi_sync_snapshot_rsync
  simple_rsync simple_rsync_longname
  rsync_tls_normal rsync_tls_priv rsync_tls_normal_longname rsync_tls_normal_manyfiles rsync_tls_priv_manyfiles
  replication_sched_snap replication_sync_direct volumepopulator`
  .trim()
  .split(/\s+/);

describe('the page of VolSync’s playbooks', () => {
  const page = readFileSync(join(root, 'docs', 'movers', 'playbooks.md'), 'utf8');
  const sections = page.split(/^## /m).slice(1);
  const shownBy = new Map(sections.map((section) => [section.split('\n', 1)[0] ?? '', testsIn(section)]));

  it('tells of each of them', () => {
    expect([...shownBy.keys()].toSorted()).toEqual(PLAYBOOKS.toSorted());
  });

  it.each(PLAYBOOKS)('names tests that there are for %s', (playbook) => {
    const tests = shownBy.get(playbook) ?? [];
    expect(tests).not.toEqual([]);
    expect(tests.filter(({ file, title }) => !titlesOf(file).includes(title))).toEqual([]);
  });
});

interface Test {
  readonly file: string;
  readonly title: string;
}

function testsIn(section: string): readonly Test[] {
  return [...section.matchAll(/^- `([^`]+)`: (.*)$/gm)].map(([, file = '', title = '']) => ({ file, title }));
}

function titlesOf(file: string): readonly string[] {
  const name = file === 'movers/mover-cases' ? `${file}.ts` : `${file}.test.ts`;
  return titlesIn(readFileSync(join(root, 'test', name), 'utf8'));
}
