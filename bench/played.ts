/**
 * The reference journey as somebody outside plays it, in the order of reference-journey.json, each arrival after the
 * one before was recorded. Ours and the skeleton are played by this same script.
 */
export type Played = {
  start(): Promise<void>;
  /** a person's decision, an update: answered when it is recorded */
  decide(decision: 'completeScreening' | 'receive' | 'planReintegration' | { followUp: number }): Promise<void>;
  /** update from outside, a signal */
  notify(update: Update): Promise<void>;
  /** so many events are recorded */
  recorded(seq: number): Promise<void>;
  /** the day of a follow-up has come, and a case worker is waited for */
  due(followUp: number): Promise<void>;
  completed(): Promise<void>;
};

export const UPDATES = [
  'acknowledged',
  'fit',
  'permitGranted',
  'nationalityConfirmed',
  'documentIssued',
  'seatAssigned',
  'checkedIn',
  'boarded',
  'departed',
  'arrived',
] as const;
export type Update = (typeof UPDATES)[number];

const FOLLOW_UPS = [1, 2, 3, 4];

/** From the start until consulate, clinic and exit authority have been asked, and are waited for. */
export async function playToTheWait(journey: Played): Promise<void> {
  await journey.start();
  await journey.recorded(2);
  await journey.decide('completeScreening');
  await journey.recorded(6);
}

/** From there to the end of the year. */
export async function playToTheEnd(journey: Played): Promise<void> {
  let seq = 6;
  for (const update of UPDATES) {
    await journey.notify(update);
    // With the nationality confirmed a document is asked for, which is a event of its own.
    seq += update === 'nationalityConfirmed' ? 2 : 1;
    await journey.recorded(seq);
  }
  await journey.decide('receive');
  await journey.decide('planReintegration');
  for (const followUp of FOLLOW_UPS) {
    await journey.due(followUp);
    await journey.decide({ followUp });
  }
  await journey.completed();
}
