import { describe, expect, expectTypeOf, it } from 'vitest';
import type { AuthenticRequest } from '../src/request/authentic-request.ts';
import { decide, type Permit } from '../src/decide/decide.ts';
import { Exchange, type HandlerDeps } from '../src/upstream/exchange.ts';
import { LocatedRequest } from '../src/locate/located-request.ts';
import { RequestPlan } from '../src/request/plan.ts';
import { WholeRequest } from '../src/request/whole-request.ts';

describe('the pipeline', () => {
  it('takes at each step only what the step before has made', () => {
    expectTypeOf(WholeRequest.read).parameter(0).toEqualTypeOf<RequestPlan>();
    // An object with the same members is no such thing, so none can be made up, copied or changed.
    expectTypeOf<Pick<RequestPlan, keyof RequestPlan>>().not.toExtend<RequestPlan>();
    expectTypeOf<Pick<WholeRequest, keyof WholeRequest>>().not.toExtend<WholeRequest>();
    expectTypeOf<Pick<AuthenticRequest, keyof AuthenticRequest>>().not.toExtend<AuthenticRequest>();
    expectTypeOf<Pick<LocatedRequest, keyof LocatedRequest>>().not.toExtend<LocatedRequest>();
    expectTypeOf<Pick<Permit, keyof Permit>>().not.toExtend<Permit>();
    expectTypeOf<Pick<Exchange, keyof Exchange>>().not.toExtend<Exchange>();
    expectTypeOf(LocatedRequest.find).parameter(0).toEqualTypeOf<AuthenticRequest>();
    expectTypeOf(decide).parameter(0).toEqualTypeOf<LocatedRequest>();
    expectTypeOf(Exchange.open).parameter(0).toEqualTypeOf<Permit>();
  });

  it('gives a handler neither the request, whose body it could wait for, nor a client of its own', () => {
    expectTypeOf<WholeRequest>().not.toHaveProperty('request');
    expectTypeOf<WholeRequest>().not.toHaveProperty('body');
    expectTypeOf<HandlerDeps>().not.toHaveProperty('machines');
    expectTypeOf<HandlerDeps>().not.toHaveProperty('tigris');
    // @ts-expect-error a plan comes from planRequest alone
    expect(() => new RequestPlan({})).not.toThrow();
  });
});
