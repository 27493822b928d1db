// Temporal's Duration type leans on `ms`, whose package declares no types under nodenext: without
// this declaration Duration is `any` and sleep('garbage') compiles.
declare module 'ms' {
  type Unit =
    | 'ms'
    | 'millisecond'
    | 'milliseconds'
    | 's'
    | 'm'
    | 'h'
    | 'd'
    | 'second'
    | 'seconds'
    | 'minute'
    | 'minutes'
    | 'hour'
    | 'hours'
    | 'day'
    | 'days';
  export type StringValue = `${number}` | `${number}${Unit}` | `${number} ${Unit}`;
  export default function ms(value: StringValue): number;
}
