import { expect, it } from 'vitest';
import { hasOtherDigits, latinDigits } from '../../../domain/imports/columns.ts';

it.each([
  ['٠١٢٣٤٥٦٧٨٩', '0123456789'],
  ['۰۱۲۳۴۵۶۷۸۹', '0123456789'],
  ['০১২৩৪৫৬৭৮৯', '0123456789'],
  ['๐๑๒๓๔๕๖๗๘๙', '0123456789'],
  ['𝟎𝟗𝟘𝟡𝟶𝟿', '090909'],
  ['+۹۹۹ ab 7', '+999 ab 7'],
  ['', ''],
])('%s are %s', (text, latin) => {
  expect(latinDigits(text)).toBe(latin);
  expect(hasOtherDigits(text)).toBe(text !== latin);
});
