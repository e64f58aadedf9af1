import { longWaitsTrial } from './longWaitsTrial.ts';

// as long as it took in the report
longWaitsTrial(120_000);
