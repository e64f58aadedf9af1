/** Chapters of a journey, in reading order. What does not depend on another runs beside it. */
export const CHAPTERS = [
  'identify',
  'screen',
  'consent',
  'verifyNationality',
  'secureDocuments',
  'clearToTravel',
  'travel',
  'receive',
  'reintegrate',
  'close',
] as const;

export type Chapter = (typeof CHAPTERS)[number];

/** Main line of a person's journey (domain.md 5.3), in order. */
export const STAGES = [
  'REGISTERED',
  'SCREENED',
  'CONSENTED',
  'VERIFIED',
  'TRAVEL_READY',
  'SEATED',
  'CHECKED_IN',
  'BOARDED',
  'IN_TRANSIT',
  'ARRIVED',
  'RECEIVED',
  'REINTEGRATING',
  'CLOSED',
] as const;

export type Stage = (typeof STAGES)[number];

/** Named endings. `completed` is the way home gone to its end; the others say why it was not. */
export const ENDINGS = [
  'completed',
  'withdrawn',
  'declined',
  'ineligible',
  'referred_out',
  'deceased',
  'self_departed',
  'lost_contact',
] as const;

export type Ending = (typeof ENDINGS)[number];

/** The seven dots people see. */
export const DOTS = [
  'registered',
  'identified',
  'verified',
  'assigned',
  'departed',
  'arrived',
  'reintegration',
] as const;

export type Dot = (typeof DOTS)[number];

/** One table: chapter (code), stage (state model) and dot (what people see). */
export const STAGE_TABLE: Record<Stage, { chapter: Chapter; dot: Dot; sentence: string }> = {
  REGISTERED: {
    chapter: 'identify',
    dot: 'registered',
    sentence: 'On the list; identity and risks not yet looked at.',
  },
  SCREENED: { chapter: 'screen', dot: 'identified', sentence: 'Known, and screened for risks.' },
  CONSENTED: {
    chapter: 'consent',
    dot: 'identified',
    sentence: 'Has agreed to be moved, and said what may be shared.',
  },
  VERIFIED: {
    chapter: 'verifyNationality',
    dot: 'verified',
    sentence: 'What the way home asks of nationality is settled.',
  },
  TRAVEL_READY: {
    chapter: 'clearToTravel',
    dot: 'verified',
    sentence: 'Documents, permit and fitness are there; waits for a seat.',
  },
  SEATED: { chapter: 'travel', dot: 'assigned', sentence: 'Has a seat.' },
  CHECKED_IN: { chapter: 'travel', dot: 'assigned', sentence: 'Has come to the gate.' },
  BOARDED: { chapter: 'travel', dot: 'assigned', sentence: 'Is on board.' },
  IN_TRANSIT: { chapter: 'travel', dot: 'departed', sentence: 'Is on the way.' },
  ARRIVED: { chapter: 'receive', dot: 'arrived', sentence: 'Has arrived; not yet received.' },
  RECEIVED: { chapter: 'receive', dot: 'arrived', sentence: 'Has been received.' },
  REINTEGRATING: { chapter: 'reintegrate', dot: 'reintegration', sentence: 'At home, with a plan and follow-ups.' },
  CLOSED: { chapter: 'close', dot: 'reintegration', sentence: 'The journey has ended.' },
};
