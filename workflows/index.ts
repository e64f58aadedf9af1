export { journey } from './journey/journey.ts';
