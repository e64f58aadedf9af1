import type { Role } from '../../domain/actor.ts';

/** A stand-in member of staff: the id is `sub` of the tokens and the client id to get one with. No real names. */
export type StandIn = { id: string; title: string; role: Role };

/** One for each role, and a second where two people must agree or relieve each other. */
export const STAND_INS: readonly StandIn[] = [
  { id: 'coordinator', title: 'Coordinator', role: 'coordinator' },
  { id: 'case_worker', title: 'Case worker', role: 'case_worker' },
  { id: 'movement_officer', title: 'Movement officer', role: 'movement_officer' },
  { id: 'health_officer', title: 'Health officer', role: 'health_officer' },
  { id: 'consular_officer', title: 'Consular officer', role: 'consular_officer' },
  { id: 'protection_officer', title: 'Protection officer', role: 'protection_officer' },
  { id: 'protection_lead', title: 'Protection lead', role: 'protection_lead' },
  { id: 'protection_lead_2', title: 'Protection lead, second person', role: 'protection_lead' },
  { id: 'duty_supervisor', title: 'Duty supervisor', role: 'duty_supervisor' },
  { id: 'duty_supervisor_2', title: 'Duty supervisor, second shift', role: 'duty_supervisor' },
  { id: 'operation_lead', title: 'Operation lead', role: 'operation_lead' },
  { id: 'auditor', title: 'Auditor', role: 'auditor' },
  { id: 'admin', title: 'Administrator', role: 'admin' },
];

/** Client with which an organisation gets its token; it says which one in the form field `partner`. */
export const PARTNER_CLIENT = 'partner';
