/** The name of the set of sectors that operations work with. */
export const SECTOR_SET = 'mcof-2012';

/** The 15 sectors of MCOF as of 2012 (IOM Council MC/2355). Reference data under a version, because the list has been revised. */
export const MCOF_2012 = [
  { number: 1, code: 'camp_management', name: 'Camp management and displacement tracking' },
  { number: 2, code: 'shelter_nfi', name: 'Shelter and non-food items' },
  { number: 3, code: 'transport', name: 'Transport assistance' },
  { number: 4, code: 'health', name: 'Health support' },
  { number: 5, code: 'psychosocial', name: 'Psychosocial support' },
  { number: 6, code: 'reintegration', name: '(Re)integration assistance' },
  { number: 7, code: 'community_stabilization', name: 'Community stabilization and transition' },
  { number: 8, code: 'disaster_risk_reduction', name: 'Disaster risk reduction and resilience' },
  { number: 9, code: 'land_property', name: 'Land and property support' },
  { number: 10, code: 'counter_trafficking', name: 'Counter-trafficking and protection of vulnerable migrants' },
  { number: 11, code: 'border_management', name: 'Humanitarian border management' },
  { number: 12, code: 'consular', name: 'Emergency consular assistance' },
  { number: 13, code: 'diaspora', name: 'Diaspora and human-resource mobilization' },
  { number: 14, code: 'policy', name: 'Migration policy and legislation support' },
  { number: 15, code: 'communications', name: 'Humanitarian communications' },
] as const;

/** Services that staff record by hand beside the journey: a night's shelter, a kit, a counselling. */
export const RECORDED_SERVICES = {
  shelter_night: 'shelter_nfi',
  kit: 'shelter_nfi',
  meal: 'shelter_nfi',
  health_referral: 'health',
  counselling: 'psychosocial',
  cash: 'reintegration',
  information: 'communications',
  // protection of vulnerable migrants; only help with land or property is of the sector land and property
  legal_referral: 'counter_trafficking',
} as const;
