import { isGrpcServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { expect, it } from 'vitest';
import { TemporalAway, whileAvailable } from '../../../adapters/temporal/workflowGateway.ts';

it('checks the server first once a call has hung, and continues as soon as it answers', async () => {
  let up = false;
  let asked = 0;
  const available = whileAvailable(async () => {
    asked += 1;
    return up;
  });
  const hangs = async () => {
    throw new WorkflowUpdateRPCTimeoutOrCancelledError('late');
  };
  await expect(available(hangs)).rejects.toBeInstanceOf(WorkflowUpdateRPCTimeoutOrCancelledError);
  let called = 0;
  const call = async () => ++called;
  await expect(Promise.all([available(call), available(call)])).rejects.toBeInstanceOf(TemporalAway);
  expect(called).toBe(0);
  expect(asked).toBe(2);
  up = true;
  await expect(available(call)).resolves.toBe(1);
  await expect(available(call)).resolves.toBe(2);
  expect(asked).toBe(3);
});

it('takes a call that hung once for slow, where the server answers', async () => {
  const available = whileAvailable(async () => true);
  const slow = async () => {
    throw Object.assign(new Error('4 DEADLINE_EXCEEDED'), { code: 4 });
  };
  await expect(available(slow)).rejects.toThrow('DEADLINE');
  await expect(available(async () => 'yes')).resolves.toBe('yes');
});

it('passes refusals on without asking anybody', async () => {
  let asked = 0;
  const available = whileAvailable(async () => ++asked > 0);
  const refused = async () => {
    throw new RangeError('no');
  };
  await expect(available(refused)).rejects.toThrow('no');
  expect(asked).toBe(0);
});

it('says so in the way that Temporal’s client does', () => {
  expect(isGrpcServiceError(new TemporalAway())).toBe(true);
});
