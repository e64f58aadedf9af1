import { longWaitsTrial } from './longWaitsTrial.ts';

// the duration in the report
longWaitsTrial(120_000);
