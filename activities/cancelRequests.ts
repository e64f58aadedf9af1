/** A workflow that keeps no subject of its own, and so has no waits: a feed, an import. */
export type CancelRequest = {
  /** id of the endpoint or the import */
  subject: string;
  operationId?: string;
  /** the run that was asked to end: one alarm for each */
  runId: string;
};

export type CancelRequestActivities = {
  /** Somebody asked Temporal to cancel the workflow. It goes on, and an alarm asks people to decide. */
  reportCancelRequest(request: CancelRequest): Promise<void>;
};

/** @param raise raises an alarm once for each run */
export function cancelRequestActivities(raise: (request: CancelRequest) => Promise<void>): CancelRequestActivities {
  return { reportCancelRequest: raise };
}
