/** Sentences about deaths and endings; a part of the catalogue `en.ts`. */
export const ENDINGS_EN = Object.freeze({
  'event.deathRecorded': 'Death recorded; nothing is sent to partners or family by itself',
  'event.endingProposed': 'Ending proposed: {ending}; a second person confirms it',
  'event.endingRejected': 'Ending not confirmed: {ending}; the journey goes on',
  'event.contactAttempted.reached': 'Reached ({channel})',
  'event.contactAttempted.missed': 'Tried to reach the person ({channel}): not reached',
  'event.journeyReopened': 'Reopened by two people: the journey was ended by mistake ({ending})',
  'ending.not_reached': 'went home; not reached at the last follow-up',
  'ending.handed_over': 'handed over to a named authority',
  'situation.missing.one': '1 missing',
  'situation.missing.other': '{n} missing',
  'situation.died.one': '1 died',
  'situation.died.other': '{n} died',
  'alarm.prepared_command_open':
    'A decision was noted but its workflow has not taken it; what was made for it blocks until a person looks',
  'what.endingDecision': 'confirm or reject the ending that was proposed',
  'what.deathFollowUp': 'stay with the family, and inform the authorities about the death',
  'command.journey.recordDeath': 'Record that the person has died, wherever they are; the journey ends at once',
  'command.journey.recordContactAttempt':
    'Record an attempt to reach the person, by which channel, and whether they were reached',
  'command.journey.endJourney': 'Propose that the journey ends; a second person confirms it',
  'command.journey.handOver': 'Propose that a named authority takes over; a second person confirms it',
  'command.journey.confirmEnding': 'Confirm, as the second person, the ending that was proposed',
  'command.journey.rejectEnding': 'Reject the ending that was proposed; the journey goes on',
  'command.journey.refuseConsent':
    'Record that the person refuses consent to travel; a second person confirms the ending',
  'command.journey.withdrawConsent':
    'Record that the person withdraws: sharing stops and the seat is free at once; a second person confirms the ending',
} as const);
