export { chore } from './chore.ts';
export { importList } from './import.ts';
export { journey } from './journey/journey.ts';
export { movement } from './movement/movement.ts';
export { operation } from './operation.ts';
export { partnerFeed } from './partnerFeed.ts';
