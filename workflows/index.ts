export { importList } from './import.ts';
export { journey } from './journey/journey.ts';
export { operation } from './operation.ts';
