import { longWaitsTrial } from './longWaitsTrial.ts';

longWaitsTrial(4_000);
