import { type Actor, PROTECTION_ROLES } from '../actor.ts';
import { DAY, type Instant } from '../time.ts';
import { type Ending, isOnBoard } from './statuses.ts';
import type { JourneyState } from './stored.ts';

/** How somebody tries to reach a person. */
export const CONTACT_CHANNELS = ['phone', 'sms', 'messaging_app', 'email', 'visit', 'relative', 'partner'] as const;
export type ContactChannel = (typeof CONTACT_CHANNELS)[number];

/** Authorities to which a person may be handed over; which one of its kind, the note says. */
export const AUTHORITIES = [
  'national_protection_service',
  'child_protection_service',
  'asylum_authority',
  'unhcr',
  'iom',
  'icrc_or_national_society',
  'consulate',
  'court_or_guardian',
  'health_service',
  'host_government',
] as const;

type Attempts = JourneyState['contactAttempts'];
type Staff = Extract<Actor, { kind: 'staff' }>;

const DAYS_TRIED = 3;
const CHANNELS_TRIED = 2;

/**
 * The attempts with one more. Of each channel the last three days stay: no more is needed to say that contact is lost,
 * and the list has an end.
 * @param at operation time; a day is a day of UTC
 */
export function withAttempt(attempts: Attempts, channel: ContactChannel, at: Instant): Attempts {
  const day = Math.floor(at / DAY);
  const others = attempts.filter((made) => made.channel !== channel);
  const days = attempts.filter((made) => made.channel === channel && made.day !== day);
  return [...others, ...days.slice(-(DAYS_TRIED - 1)), { channel, day }];
}

/** What is missing before contact may be called lost, or undefined. */
export function lostContactLacks(attempts: Attempts): string | undefined {
  const days = new Set(attempts.map(({ day }) => day)).size;
  const channels = new Set(attempts.map(({ channel }) => channel));
  if (days >= DAYS_TRIED && channels.size >= CHANNELS_TRIED) return undefined;
  const made =
    channels.size === 0 ? 'none' : `attempts on ${days} of 3 days, by ${[...channels].toSorted().join(', ')}`;
  return `Contact is lost after attempts on three different days by two different channels; recorded since the last contact: ${made}`;
}

/** The person has been in contact: attempts count anew, and nobody calls the contact lost. */
export function inContact({
  proposedEnding,
}: Pick<JourneyState, 'proposedEnding'>): Pick<JourneyState, 'contactAttempts' | 'proposedEnding'> {
  return { contactAttempts: [], proposedEnding: proposedEnding?.ending === 'lost_contact' ? null : proposedEnding };
}

/** The person consents again: a withdrawal or a refusal is taken back. */
export function takenBack({
  proposedEnding,
}: Pick<JourneyState, 'proposedEnding'>): Pick<JourneyState, 'contactAttempts' | 'proposedEnding'> {
  const own = proposedEnding?.ending === 'withdrawn' || proposedEnding?.ending === 'declined';
  return inContact({ proposedEnding: own ? null : proposedEnding });
}

export const isProtection = ({ role }: Pick<Staff, 'role'>): boolean => PROTECTION_ROLES.includes(role);

/** Whether one of the two who end this journey must be of protection, and none has been yet. */
export function protectionMustConfirm(state: Pick<JourneyState, 'proposedEnding' | 'holds' | 'travel'>): boolean {
  return state.proposedEnding?.protection === false && (state.holds.length > 0 || isOnBoard(state));
}

/** Why this person cannot confirm this ending now, or undefined. */
export function confirmationRefusal(state: JourneyState, ending: Ending, actor: Staff): string | undefined {
  const { proposedEnding: proposed } = state;
  if (proposed === null) return 'No ending is proposed';
  if (proposed.ending !== ending) return `Another ending is proposed: ${proposed.ending}`;
  if (proposed.by === actor.id) return 'Whoever proposed the ending does not confirm it; a second person does';
  if (protectionMustConfirm(state) && !isProtection(actor))
    return 'The person is under a hold or on board: one of the two people must be of protection';
  return ending === 'lost_contact' ? lostContactLacks(state.contactAttempts) : undefined;
}

/** Why nobody may propose an ending now, or undefined. */
export function proposalRefusal({ proposedEnding }: Pick<JourneyState, 'proposedEnding'>): string | undefined {
  return proposedEnding
    ? `An ending is proposed already (${proposedEnding.ending}): a second person confirms or rejects it`
    : undefined;
}

/**
 * How a journey ends after its last follow-up. Whoever was not reached at the last one is missing, not safe.
 * @param months of the rules, after arrival
 */
export function endingAfterFollowUps(
  { followUps }: Pick<JourneyState, 'followUps'>,
  months: readonly number[],
): Extract<Ending, 'completed' | 'not_reached'> {
  if (months.length === 0) return 'completed';
  const last = Math.max(...months);
  return followUps.some(({ month, reached }) => month === last && reached) ? 'completed' : 'not_reached';
}
