/**
 * Names as a passport's zone writes them (ICAO Doc 9303 part 3, as data/README.md narrows it down): which letters
 * count, how each may be written, and whether the name field of line 1 can be these names.
 */

/** Characters of the name field: line 1 without document code and issuer. */
const NAME_FIELD_LENGTH = 39;

/** Those that data/README.md lists, and what keyboards, scripts and copying put in their place: the zone has none of them. */
const APOSTROPHES_AND_STOPS = /['’‘ʼʻʾʿ`´.‛′＇ʹʽˈꞋꞌ׳]/gu;
const MARKS = /\p{M}+/gu;

/** Letters that States write in their own ways; all others are their base letter or no letter of the zone. */
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

/** One place of a name in the zone: the ways of writing a letter, or the filler between parts. */
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

/** The places of one name, no filler at its ends and never two together; empty where nothing is left of the name. */
function zonePlaces(name: string): ZonePlace[] {
  const places: ZonePlace[] = [];
  // capitals first: one small letter can be two capitals; then a letter and its accent as one character
  for (const character of name.replace(APOSTROPHES_AND_STOPS, '').toUpperCase().normalize('NFC')) {
    if (/^\p{M}$/u.test(character)) continue;
    const ways = waysOf(character);
    if (ways === FILLER && (places.length === 0 || places.at(-1) === FILLER)) continue;
    places.push(ways);
  }
  if (places.at(-1) === FILLER) places.pop();
  return places;
}

/** The first way of each letter: what we print where a zone must be written. */
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
 * Whether one of the combinations of ways gives the field, cut at its length or filled with `<`. Follows all
 * combinations at once as the set of places in the field that they can have reached, so a name of many such
 * letters costs no more than its length.
 */
function canRead(field: string, places: readonly ZonePlace[]): boolean {
  let reached = new Set([0]);
  for (const ways of places) {
    const next = new Set<number>();
    for (const from of reached) {
      for (const way of ways) {
        const kept = way.slice(0, Math.max(0, field.length - from));
        if (field.startsWith(kept, from)) next.add(from + kept.length);
      }
    }
    if (next.size === 0) return false;
    if (next.size === 1 && next.has(field.length)) return true;
    reached = next;
  }
  return [...reached].some((from) => /^<*$/.test(field.slice(from)));
}

/** Whether two names leave anything to compare with a name field. */
export function hasZoneName(givenNames: string, familyName: string): boolean {
  return zonePlaces(givenNames).length > 0 || zonePlaces(familyName).length > 0;
}

/** Whether the field (39 characters) is the field of these names: family name, `<<`, given names. */
export function isNameField(field: string, givenNames: string, familyName: string): boolean {
  return canRead(field, fullName(familyName, givenNames));
}

/** Fewer letters lost than this inside a name that had room are another spelling. */
const LETTERS_CUT = 3;

/**
 * Whether a full field can be these names cut as ICAO Doc 9303 part 4 allows where they are too long: parts
 * shortened from their end, the last given names left out, so that something of both names remains.
 */
export function mayBeCut(field: string, givenNames: string, familyName: string): boolean {
  if (field.endsWith('<')) return false;
  const [primary, secondary, more] = field.split('<<');
  if (primary === undefined || secondary === undefined || more !== undefined) return false;
  const [family, given] = [nameParts(familyName), nameParts(givenNames)];
  const writtenFamily = primary.split('<');
  const writtenGiven = secondary.split('<');
  if (writtenFamily.length !== family.length || writtenGiven.length > given.length) return false;
  // a family name that leaves no room for a given name has to be shortened, by however little
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

/** The places of a name, taken apart at its fillers. */
function nameParts(name: string): ZonePlace[][] {
  const parts: ZonePlace[][] = [[]];
  for (const place of zonePlaces(name)) {
    if (place === FILLER) parts.push([]);
    else parts.at(-1)?.push(place);
  }
  return parts;
}

const LETTER_NOT_LATIN = /(?!\p{Script=Latin})[\p{Lu}\p{Ll}\p{Lt}\p{Lo}]/u;

/** Hooked and accented letters are Latin; modifier letters (ʼ) are no letters here. */
export function hasLetterNotLatin(name: string): boolean {
  return LETTER_NOT_LATIN.test(name);
}
