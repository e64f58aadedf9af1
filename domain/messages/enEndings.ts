/** Sentences about deaths and endings; a part of the catalogue `en.ts`. */
export const ENDINGS_EN = Object.freeze({
  'event.deathRecorded': 'Death recorded; nothing is sent to partners or family by itself',
  'what.deathFollowUp': 'stay with the family, and inform the authorities about the death',
  'command.journey.recordDeath': 'Record that the person has died, wherever they are; the journey ends at once',
} as const);
