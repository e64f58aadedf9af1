/**
 * Names as the machine-readable zone of a passport writes them (ICAO Doc 9303 part 3): which letters count, how each may
 * be written, and whether the name field of line 1 can hold these names.
 */

/** Length of the name field: line 1 without document code and issuer. */
const NAME_FIELD_LENGTH = 39;

/**
 * Apostrophes and similar marks, with their replacements by keyboards, scripts and copying. The zone has none of them.
 */
const APOSTROPHES_AND_STOPS = /['’‘ʼʻʾʿ`´.‛′＇ʹʽˈꞋꞌ׳]/gu;
const MARKS = /\p{M}+/gu;

/** Letters that States write in different ways. Any other letter is its base letter, or absent from the zone. */
const WAYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Ä', ['A', 'AE']],
  ['Å', ['A', 'AA']],
  ['Ö', ['O', 'OE']],
  ['Ø', ['O', 'OE']],
  ['Ü', ['U', 'UE', 'UXX']],
  ['Ñ', ['N', 'NXX']],
  ['Æ', ['AE']],
  ['Œ', ['OE']],
  ['Ĳ', ['IJ']],
  ['ß', ['SS']],
  ['ẞ', ['SS']],
  ['Þ', ['TH']],
  ['Ð', ['D']],
  ['Đ', ['D']],
  ['Ɖ', ['D']],
  ['Ɗ', ['D']],
  ['Ɓ', ['B']],
  ['Ə', ['E']],
  ['Ħ', ['H']],
  ['Ƙ', ['K']],
  ['Ł', ['L']],
  ['Ŋ', ['N']],
  ['Ŧ', ['T']],
  ['Ƴ', ['Y']],
]);

/** One position of a name in the zone: the ways to write a letter, or the filler between parts. */
type ZonePlace = readonly string[];

const FILLER: ZonePlace = ['<'];

function waysOf(character: string): ZonePlace {
  if (/^[A-Z]$/.test(character)) return [character];
  const listed = WAYS.get(character);
  if (listed !== undefined) return listed;
  const base = character.normalize('NFD').replace(MARKS, '');
  if (base === character) return FILLER;
  return /^[A-Z]$/.test(base) ? [base] : (WAYS.get(base) ?? FILLER);
}

/** The positions of one name, without fillers at its ends or two in a row; empty if no letter is left. */
function zonePlaces(name: string): ZonePlace[] {
  const places: ZonePlace[] = [];
  // capitals first: one small letter can become two capitals; then a letter and its accent become one character
  for (const character of name.replace(APOSTROPHES_AND_STOPS, '').toUpperCase().normalize('NFC')) {
    if (/^\p{M}$/u.test(character)) continue;
    const ways = waysOf(character);
    if (ways === FILLER && (places.length === 0 || places.at(-1) === FILLER)) continue;
    places.push(ways);
  }
  if (places.at(-1) === FILLER) places.pop();
  return places;
}

/** The first way of each letter, for output in a machine-readable zone. */
export function zoneName(name: string): string {
  return zonePlaces(name)
    .map((ways) => ways[0])
    .join('');
}

function fullName(first: string, second: string): ZonePlace[] {
  const [head, tail] = [zonePlaces(first), zonePlaces(second)];
  if (head.length === 0) return tail;
  return tail.length === 0 ? head : [...head, FILLER, FILLER, ...tail];
}

/**
 * Whether a combination of ways gives the field, truncated or padded with `<`. It tracks the set of reachable positions
 * in the field, so the cost grows only with the length of the name.
 */
function canRead(field: string, places: readonly ZonePlace[]): boolean {
  let reached = new Set([0]);
  for (const ways of places) {
    const next = new Set<number>();
    for (const from of reached) {
      for (const way of ways) {
        const part = way.slice(0, Math.max(0, field.length - from));
        if (field.startsWith(part, from)) next.add(from + part.length);
      }
    }
    if (next.size === 0) return false;
    if (next.size === 1 && next.has(field.length)) return true;
    reached = next;
  }
  return [...reached].some((from) => /^<*$/.test(field.slice(from)));
}

/** Whether both names have letters to compare with a name field. */
export function hasZoneName(givenNames: string, familyName: string): boolean {
  return zonePlaces(givenNames).length > 0 || zonePlaces(familyName).length > 0;
}

/** Whether the field (39 characters) is the name field of these names: family name, `<<`, given names. */
export function isNameField(field: string, givenNames: string, familyName: string): boolean {
  return canRead(field, fullName(familyName, givenNames));
}

/** A loss of fewer letters than this, inside a name that had room, is another spelling. */
const LETTERS_CUT = 3;

/**
 * Whether a full field can hold these names truncated by ICAO Doc 9303 part 4: parts are shortened at their end and the
 * last given names are omitted, but something of both names remains.
 */
export function mayBeCut(field: string, givenNames: string, familyName: string): boolean {
  if (field.endsWith('<')) return false;
  const [primary, secondary, more] = field.split('<<');
  if (primary === undefined || secondary === undefined || more !== undefined) return false;
  const [family, given] = [nameParts(familyName), nameParts(givenNames)];
  const writtenFamily = primary.split('<');
  const writtenGiven = secondary.split('<');
  if (writtenFamily.length !== family.length || writtenGiven.length > given.length) return false;
  // a family name that leaves no room for a given name has to be shortened
  const leastCut = zonePlaces(familyName).length > NAME_FIELD_LENGTH - 3 ? 1 : LETTERS_CUT;
  return (
    writtenFamily.every((text, index) => isShortened(text, family[index] ?? [], leastCut)) &&
    writtenGiven.every((text, index) =>
      isShortened(text, given[index] ?? [], index === writtenGiven.length - 1 ? 1 : leastCut),
    )
  );
}

function isShortened(text: string, part: readonly ZonePlace[], leastCut: number): boolean {
  const cut = part.length - text.length;
  return text !== '' && canRead(text, part) && (cut <= 0 || cut >= leastCut);
}

/** The positions of a name, split at its fillers. */
function nameParts(name: string): ZonePlace[][] {
  const parts: ZonePlace[][] = [[]];
  for (const place of zonePlaces(name)) {
    if (place === FILLER) parts.push([]);
    else parts.at(-1)?.push(place);
  }
  return parts;
}

const LETTER_NOT_LATIN = /(?!\p{Script=Latin})[\p{Lu}\p{Ll}\p{Lt}\p{Lo}]/u;

/** Hooked and accented letters are Latin; modifier letters (ʼ) do not count as letters. */
export function hasLetterNotLatin(name: string): boolean {
  return LETTER_NOT_LATIN.test(name);
}
