import type { status } from '@grpc/grpc-js';

export type Code = keyof typeof status;

/** A call that ends with this gRPC code; anything else that is thrown becomes INTERNAL. */
export class Refusal extends Error {
  readonly code: Code;
  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}

/** Refuses a request that lacks a mandatory field. */
export function demand(value: unknown, field: string): void {
  if (!value) throw new Refusal('INVALID_ARGUMENT', `the request lacks its ${field}`);
}
