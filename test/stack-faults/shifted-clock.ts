// Preloaded into a process of ours (`--import`): its clock on the wall is wrong by so much. Stopwatches
// (performance.now, timers) run as they do, as on a machine whose clock was set wrongly.
const shiftMs = Number(process.env['STILLPOINT_TEST_CLOCK_SHIFT_MS'] ?? 0);

globalThis.Date = new Proxy(Date, {
  construct: (real, given: unknown[], target) =>
    Reflect.construct(real, given.length === 0 ? [real.now() + shiftMs] : given, target) as Date,
  apply: (real) => new real(real.now() + shiftMs).toString(),
  get: (real, name) => (name === 'now' ? () => real.now() + shiftMs : (Reflect.get(real, name) as unknown)),
});
