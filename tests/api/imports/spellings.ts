/** The trials that say how people are looked for. */
export const TRIALS = ['T001', 'T005', 'T016', 'T020'] as const;

export function trialFile(name: string): URL {
  return new URL(`../../adapters/files/trials/${name}.csv`, import.meta.url);
}

/** Trial, row of its list, and each spelling by which whoever stands there must be found. */
export const SPELLINGS: ReadonlyArray<[trial: (typeof TRIALS)[number], row: number, spellings: readonly string[]]> = [
  ['T001', 1, ["N'Dahlo", 'N’Dahlo', 'NʼDahlo', 'N`Dahlo', 'NDahlo', 'ndahlo koffi', "Koffi N'Dahlo"]],
  ['T001', 2, ["Ng'ang'ondo", 'Ngangondo', 'Ng’ang’ondo Wanjiru', 'Nganga ondo Wanjiru']],
  ['T001', 3, ['Saida Mutasimi', 'Saʼida Al-Mu`tasimi', 'Sa`ida Al-Mu’tasimi', 'Al Mutasimi', "Sa'ida"]],
  ['T001', 4, ['Ma. Luningning', 'Ma Luningning Reyeson', 'de los Reyesón', 'luningning de los reyeson']],
  ['T001', 5, ['Mary-Jane O', 'Mary Jane O', 'MaryJane O']],
  ['T005', 1, ['Venkatasubramaniyam Srinivasaraghavan', 'Rajasekarapandiyanarayanan']],
  ['T005', 2, ['Papandropoulous Jonathan', 'Nilavadhanananda Chayapa Dejthamrong Krasuang', 'Krasuang']],
  ['T005', 3, ['Sumartinah', 'Sumartina']],
  ['T016', 2, ['Halima Twinelle']],
  ['T016', 3, ['Halime Twinelle']],
  ['T016', 5, ['Issa Twinelle']],
  ['T016', 7, ['Issa Twinelle', 'عيسى Twinelle']],
  ['T020', 1, ['ابراهيم عبد الله', 'إبراهيم عبدالله', 'Ibrahim Abdallah', 'Ebrahim Abdullah', 'عبـد الله النموذجي']],
  ['T020', 2, ['فاطمه الزهرا', 'فاطمة الزهراء']],
  ['T020', 3, ['امنه محمد', 'آمنة محمد تجربة', 'مُحَمَّد تجربة']],
  ['T020', 4, ['ليلي علي', 'ليلى علي نموذج']],
  ['T020', 5, ['كريم ياري', 'کریم یاری', 'Karim Yari']],
];
