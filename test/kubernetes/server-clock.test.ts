import { describe, expect, it } from 'vitest';
import { observeDate, serverTime } from '../../kubernetes/server-clock.ts';
import type { ClockEstimate } from '../../kubernetes/server-clock.ts';

const START = Date.parse('2026-11-22T10:00:00Z');

/** A server whose clock stands `skew` away from the local monotonic one, answering after `latency`. */
function answer(local: number, skew: number, latency = 10): { sent: number; received: number; date: number } {
  const stamped = START + local + skew + latency / 2;
  return { sent: local, received: local + latency, date: Math.floor(stamped / 1000) * 1000 };
}

function afterSamples(locals: readonly number[], skew: number): ClockEstimate {
  const [first = 0, ...others] = locals;
  return others.reduce(
    (estimate, local) => observeDate(estimate, answer(local, skew)),
    observeDate(undefined, answer(first, skew)),
  );
}

describe("the API server's clock", () => {
  it.each([
    ['exact', 0],
    ['5 minutes fast', 300_000],
    ['7 minutes slow', -420_000],
  ])('is known within a second from the first answer when it is %s', (_, skew) => {
    const estimate = afterSamples([123], skew);
    expect(Math.abs(serverTime(estimate, 5_000) - (START + 5_000 + skew))).toBeLessThan(550);
  });

  it('becomes known much better than the whole seconds of the header', () => {
    const locals = Array.from({ length: 60 }, (_, index) => index * 370);
    const estimate = afterSamples(locals, 300_000);
    expect(Math.abs(serverTime(estimate, 30_000) - (START + 30_000 + 300_000))).toBeLessThan(50);
  });

  it('follows a server whose clock was set back by minutes', () => {
    const before = afterSamples([0, 400, 900], 180_000);
    const after = observeDate(before, answer(2_000, 0));
    expect(Math.abs(serverTime(after, 2_000) - (START + 2_000))).toBeLessThan(550);
  });

  it('runs forward between answers', () => {
    const estimate = afterSamples([0, 400], 60_000);
    expect(serverTime(estimate, 700) - serverTime(estimate, 500)).toBeCloseTo(200);
  });

  it('stays known while the two clocks drift apart for a day', () => {
    const minutes = Array.from(
      { length: 24 * 60 },
      (_, minute) => minute * 60_000 + ((minute * 7_919) % 1_000),
    );
    const drift = (local: number): number => local * 100e-6;
    let estimate = observeDate(undefined, answer(0, 0));
    const errors = minutes.map((local) => {
      estimate = observeDate(estimate, answer(local, drift(local)));
      return Math.abs(serverTime(estimate, local) - (START + local + drift(local)));
    });
    expect(Math.max(...errors.slice(60))).toBeLessThan(250);
  });

  it('learns little from an answer that was long under way', () => {
    const good = afterSamples(
      Array.from({ length: 30 }, (_, index) => index * 370),
      0,
    );
    const late = observeDate(good, answer(12_000, 0, 8_000));
    expect(Math.abs(serverTime(late, 20_000) - (START + 20_000))).toBeLessThan(60);
  });
});
