import type { Shift } from '../staff/shift.ts';
import { stranded } from '../staff/stranded.ts';
import { leftToVisitor } from './policy.ts';

type Row = {
  id: string;
  household_id: string;
  status: string;
  ending: string | null;
  waiting: { what: string } | null;
};

/** Stages in which somebody or something still moves a person on. */
const ON_THEIR_WAY = ['seated', 'checked_in', 'boarded', 'arrived', 'received', 'reintegrating'];
/** Waits that stand-in staff, or a vehicle, end by themselves. */
const ENDS_BY_ITSELF = [
  'registryAnswer',
  'identityDecision',
  'screening',
  'riskDecision',
  'consentConfirmation',
  'consentDecision',
  'endingDecision',
  'evidence',
  'routeDecision',
  'arrival',
];

/** How many people are still on their way: what a drill waits for when its clock has come to the end. */
export async function stillBusy(shift: Shift): Promise<number> {
  const rows = (await shift.clients.auditor.all(`/operations/${shift.operationId}/people`)) as Row[];
  const left = leftToVisitor(shift.scenario);
  const standing = (await stranded(shift)).reduce((sum, one) => sum + one.people, 0);
  const moving = rows.filter((row) => {
    const known = shift.directory.find(row.id);
    if (!known || row.ending !== null || left.includes(known.listed.householdRef)) return false;
    if (ON_THEIR_WAY.includes(row.status)) return true;
    return row.waiting !== null && ENDS_BY_ITSELF.includes(row.waiting.what);
  }).length;
  return moving + standing;
}
