const OTHER_DIGIT = /(?![0-9])\p{Nd}/u;
const OTHER_DIGITS = /(?![0-9])\p{Nd}/gu;

/** Whether the text has digits of a script other than 0 to 9. */
export function hasOtherDigits(text: string): boolean {
  return OTHER_DIGIT.test(text);
}

const isDigit = (code: number): boolean => /^\p{Nd}$/u.test(String.fromCodePoint(code));

/** Digits of any script as 0 to 9. Unicode keeps the ten digits of a script together and in order. */
export function latinDigits(text: string): string {
  return text.replace(OTHER_DIGITS, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    let start = code;
    while (isDigit(start - 1)) start--;
    return String((code - start) % 10);
  });
}
