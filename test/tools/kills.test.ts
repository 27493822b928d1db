// What a run of kills decides and prints; that it holds on the real stack is shown by test/stack-faults/kills.test.ts.
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../tools/kills/options.ts';
import type { Freeze } from '../../tools/kills/owner.ts';
import { phaseOf } from '../../tools/kills/phases.ts';
import type { Phase, Seen } from '../../tools/kills/phases.ts';
import { planBlows, VICTIMS } from '../../tools/kills/plan.ts';
import type { Blow } from '../../tools/kills/plan.ts';
import { table } from '../../tools/kills/table.ts';

describe('the plan of the kills', () => {
  it('is the same for the same seed, and another one for another seed', () => {
    expect(planBlows(50, 'a1')).toEqual(planBlows(50, 'a1'));
    expect(planBlows(50, 'a1')).not.toEqual(planBlows(50, 'a2'));
  });

  it('begins alike however many are wanted, so that a failure is repeated with fewer', () => {
    expect(planBlows(200, 'a1').slice(0, 7)).toEqual(planBlows(7, 'a1'));
  });

  it('hits every part, by kill and by stall', () => {
    const hit = new Set(planBlows(200, 'a1').map(({ victim, how }) => `${victim} ${how}`));
    expect(hit.size).toBe(2 * VICTIMS.length);
  });

  it('leaves nobody away for longer than ten seconds', () => {
    const away = planBlows(500, 'a1').map(({ lastsMs }) => lastsMs);
    expect(Math.max(...away)).toBeLessThan(10_000);
    expect(Math.min(...away)).toBeGreaterThanOrEqual(0);
  });
});

describe('the phase of a sync', () => {
  const nothing: Seen = { status: 'Completed', cuts: [], jobs: 0, moverPods: [] };
  const pod = (phase: string) => ({ metadata: { name: 'mover' }, status: { phase } });
  it.each<readonly [Phase, Partial<Seen>]>([
    ['between', {}],
    ['between', { status: undefined }],
    ['waiting', { status: 'WaitingForTrigger' }],
    ['accepted', { status: 'InProgress' }],
    ['cutting', { status: 'InProgress', cuts: [true, false] }],
    ['cut', { status: 'InProgress', cuts: [true] }],
    ['released', { cuts: [true] }],
    ['mover-pending', { cuts: [true], jobs: 1 }],
    ['mover-pending', { cuts: [true], jobs: 1, moverPods: [pod('Pending')] }],
    ['mover-running', { cuts: [true], jobs: 1, moverPods: [pod('Running')] }],
    ['closing', { cuts: [true], jobs: 1, moverPods: [pod('Succeeded')] }],
  ])('is %s by what stands in the cluster', (phase, seen) => {
    expect(phaseOf({ ...nothing, ...seen })).toBe(phase);
  });
});

describe('the table of the kills', () => {
  const blow: Blow = { number: 1, victim: 'etcd', how: 'stall', afterMs: 0, lastsMs: 1 };
  const freeze = (lastedMs: number, endedBy: Freeze['endedBy'] = 'Completed'): Freeze => ({
    trigger: 't1',
    since: 0,
    until: lastedMs,
    lastedMs,
    endedBy,
  });
  const tally = {
    seed: 'a1',
    blows: [
      { blow, phases: ['waiting', 'cutting'] },
      { blow: { ...blow, number: 2, victim: 'worker', how: 'kill' }, phases: ['waiting'] },
    ],
    freezes: [freeze(1_000), freeze(2_000), freeze(9_000, 'Failed')],
    ends: ['COMPLETED', 'COMPLETED', 'FreezeBoundExceeded'],
    violations: ['invariant 1, no early copy: …'],
  } as const;

  it('counts by victim and phase', () => {
    const lines = table(tally).split('\n');
    const numbers = (victim: string) => lines.find((line) => line.startsWith(victim))?.match(/\d+|–/g);
    expect(numbers('etcd')).toEqual(['–', '1', '–', '1', '–', '1', '–', '–', '–', '–', '–']);
    expect(numbers('worker')).toEqual(['1', '–', '–', '1', '–', '–', '–', '–', '–', '–', '–']);
    expect(numbers('all')).toEqual(['1', '1', '–', '2', '–', '1', '–', '–', '–', '–', '–']);
  });

  it('tells how long applications stood still, how syncs ended and what was violated', () => {
    expect(table(tally)).toContain(
      'freeze of 3: p50 2.0 s, p99 8.9 s, max 9.0 s; ended by Completed 2, Failed 1',
    );
    expect(table(tally)).toContain('syncs: 3; COMPLETED 2, FreezeBoundExceeded 1');
    expect(table(tally)).toContain('violation: invariant 1, no early copy: …');
  });

  it('ends with the line that is read', () => {
    expect(table(tally).split('\n').at(-1)).toBe('2 kills, 1 violations, seed a1');
  });
});

describe('the options of the kills', () => {
  it('are a count, a seed of its own and a stack where nothing is said', () => {
    expect(readOptions([])).toEqual({
      count: 20,
      seed: expect.stringMatching(/^[0-9a-f]{6}$/) as string,
      name: 'kills',
    });
    expect(readOptions(['--count', '200', '--seed', 'x', '--name', 'e'])).toEqual({
      count: 200,
      seed: 'x',
      name: 'e',
    });
  });

  it('are refused in one sentence', () => {
    expect(() => readOptions(['--count', 'many'])).toThrow(
      '--count is many, expected a number from 1 to 99999.',
    );
  });
});
