import { DAY, HOUR, MINUTE, SECOND } from './time.ts';

/** Weeks, or days with hours, minutes and seconds. Years and months are not of one length, so they are not read. */
const PATTERN =
  /^P(?:(?<weeks>\d{1,5})W|(?=\d|T\d)(?:(?<days>\d{1,6})D)?(?:T(?=\d)(?:(?<hours>\d{1,6})H)?(?:(?<minutes>\d{1,7})M)?(?:(?<seconds>\d{1,9}(?:\.\d{1,3})?)S)?)?)$/;

/** A length of time of ISO 8601, `P30D` or `PT2H`, in milliseconds; undefined where the text is none. */
export function durationOf(text: string): number | undefined {
  const parts = PATTERN.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const { weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0 } = parts;
  const whole = (Number(weeks) * 7 + Number(days)) * DAY + Number(hours) * HOUR + Number(minutes) * MINUTE;
  return whole + Math.round(Number(seconds) * SECOND);
}

/** Milliseconds as ISO 8601 writes them, largest unit first: `P1DT12H`, `PT0S`. */
export function isoDuration(length: number): string {
  const left = Math.max(0, Math.round(length));
  const days = Math.floor(left / DAY);
  const hours = Math.floor((left % DAY) / HOUR);
  const minutes = Math.floor((left % HOUR) / MINUTE);
  const seconds = (left % MINUTE) / SECOND;
  const time = `${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${seconds > 0 ? `${seconds}S` : ''}`;
  if (days === 0 && time === '') return 'PT0S';
  return `P${days > 0 ? `${days}D` : ''}${time === '' ? '' : `T${time}`}`;
}
