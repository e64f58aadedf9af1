-- The 15 sectors of MCOF as of 2012 (IOM Council MC/2355), from domain/services.ts; a later list becomes another set.
insert into sectors (set_code, number, code, name) values
  ('mcof-2012', 1, 'camp_management', 'Camp management and displacement tracking'),
  ('mcof-2012', 2, 'shelter_nfi', 'Shelter and non-food items'),
  ('mcof-2012', 3, 'transport', 'Transport assistance'),
  ('mcof-2012', 4, 'health', 'Health support'),
  ('mcof-2012', 5, 'psychosocial', 'Psychosocial support'),
  ('mcof-2012', 6, 'reintegration', '(Re)integration assistance'),
  ('mcof-2012', 7, 'community_stabilization', 'Community stabilization and transition'),
  ('mcof-2012', 8, 'disaster_risk_reduction', 'Disaster risk reduction and resilience'),
  ('mcof-2012', 9, 'land_property', 'Land and property support'),
  ('mcof-2012', 10, 'counter_trafficking', 'Counter-trafficking and protection of vulnerable migrants'),
  ('mcof-2012', 11, 'border_management', 'Humanitarian border management'),
  ('mcof-2012', 12, 'consular', 'Emergency consular assistance'),
  ('mcof-2012', 13, 'diaspora', 'Diaspora and human-resource mobilization'),
  ('mcof-2012', 14, 'policy', 'Migration policy and legislation support'),
  ('mcof-2012', 15, 'communications', 'Humanitarian communications');
