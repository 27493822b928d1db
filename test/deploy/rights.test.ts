import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { roleFiles } from './role-files.ts';

const security = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8');

/** A row of the table of rights, its cells without padding. */
function rowsOf(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => /^\| (?:worker|controller|guard)/.test(line))
    .map((line) => line.replaceAll(/ +/g, ' ').trim());
}

describe('the table of rights in docs/security.md', () => {
  it('is what the chart gives, rule by rule, and nothing else', () => {
    const given = roleFiles().flatMap(({ name, rules }) =>
      rules.flatMap(({ apiGroups, resources, verbs }) =>
        resources.map(
          (resource) => `| ${name} | ${apiGroups.join(', ') || 'core'} | ${resource} | ${verbs.join(', ')} |`,
        ),
      ),
    );
    expect(rowsOf(security).toSorted()).toEqual(given.toSorted());
  });
});

describe('the chart’s roles', () => {
  it('never name everything, and let nobody but the worker see a Secret', () => {
    for (const { name, rules } of roleFiles())
      for (const { apiGroups, resources, verbs } of rules) {
        expect([...apiGroups, ...resources, ...verbs]).not.toContain('*');
        if (resources.includes('secrets'))
          expect([name, verbs]).toEqual(['worker-secrets', ['get', 'create']]);
      }
  });
});
