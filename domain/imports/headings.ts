import { COLUMNS, type Column } from './columns.ts';

/**
 * Common headings in English, French, Spanish, Portuguese, Arabic and Persian, folded by `fold`. They only make
 * suggestions: a person maps the heading.
 */
const WORDS: Record<Column, readonly string[]> = {
  household_ref: [
    'household',
    'household id',
    'household number',
    'household no',
    'hh id',
    'hh no',
    'family id',
    'family number',
    'case id',
    'case number',
    'menage',
    'numero menage',
    'hogar',
    'agregado',
    'رقم الأسرة',
    'الأسرة',
    'شماره خانوار',
  ],
  person_ref: [
    'person id',
    'individual id',
    'registration number',
    'registration id',
    'id',
    'ref',
    'reference',
    'no',
    'number',
    'numero',
    'identifiant',
    'رقم التسجيل',
    'رقم الفرد',
    'شماره ثبت',
  ],
  relationship_to_head: [
    'relationship',
    'relation',
    'relation to head',
    'relation to hoh',
    'lien',
    'lien de parente',
    'parentesco',
    'صلة القرابة',
    'القرابة',
    'نسبت',
  ],
  given_names: [
    'given name',
    'first name',
    'forename',
    'name',
    'prenom',
    'prenoms',
    'nombre',
    'nombres',
    'nome',
    'الاسم',
    'الاسم الأول',
    'نام',
  ],
  family_name: [
    'family name',
    'surname',
    'last name',
    'father name',
    'nom',
    'nom de famille',
    'apellido',
    'apellidos',
    'apelido',
    'sobrenome',
    'اسم العائلة',
    'اللقب',
    'الكنية',
    'نام خانوادگی',
  ],
  sex: ['sex', 'gender', 'sexe', 'genre', 'sexo', 'genero', 'الجنس', 'جنسیت'],
  date_of_birth: [
    'dob',
    'birth date',
    'birthdate',
    'birthday',
    'born',
    'date de naissance',
    'naissance',
    'fecha de nacimiento',
    'nacimiento',
    'data de nascimento',
    'nascimento',
    'تاريخ الميلاد',
    'الميلاد',
    'تاریخ تولد',
  ],
  dob_precision: ['precision', 'dob accuracy', 'date accuracy'],
  nationality: [
    'nationality',
    'citizenship',
    'country',
    'nationalite',
    'pays',
    'nacionalidad',
    'nacionalidade',
    'الجنسية',
    'تابعیت',
    'ملیت',
  ],
  phone: [
    'telephone',
    'phone number',
    'mobile',
    'tel',
    'contact',
    'whatsapp',
    'telefono',
    'telefone',
    'الهاتف',
    'رقم الهاتف',
    'الجوال',
    'تلفن',
  ],
  preferred_language: ['language', 'langue', 'idioma', 'lingua', 'اللغة', 'زبان'],
  site: ['location', 'place', 'desk', 'camp', 'lieu', 'lugar', 'local', 'الموقع', 'المكان', 'محل'],
  registered_at: [
    'registration date',
    'date of registration',
    'registered',
    'timestamp',
    'date',
    'date enregistrement',
    'fecha de registro',
    'data de registro',
    'تاريخ التسجيل',
    'تاریخ ثبت',
  ],
  document_type: ['document', 'type of document', 'id type', 'type de document', 'tipo de documento', 'نوع الوثيقة'],
  document_number: [
    'passport',
    'passport number',
    'passport no',
    'id number',
    'numero de document',
    'numero de passeport',
    'numero de documento',
    'pasaporte',
    'passaporte',
    'رقم الجواز',
    'رقم الوثيقة',
    'شماره گذرنامه',
  ],
  mrz_line1: ['mrz', 'mrz 1', 'mrz1', 'mrz first line'],
  mrz_line2: ['mrz 2', 'mrz2', 'mrz second line'],
  special_needs: [
    'needs',
    'vulnerability',
    'vulnerabilities',
    'protection',
    'besoins specifiques',
    'necesidades',
    'necessidades',
    'الاحتياجات الخاصة',
  ],
  consent: ['agreed', 'agreement', 'consentement', 'accord', 'consentimiento', 'consentimento', 'الموافقة', 'رضایت'],
  destination_admin1: [
    'destination',
    'region',
    'province',
    'state',
    'area of return',
    'admin1',
    'destino',
    'destinacao',
    'الوجهة',
    'مقصد',
  ],
};

/** Lower case without accents and marks. Every run of other characters becomes one blank. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

const PHRASES: ReadonlyArray<[Column, readonly string[]]> = COLUMNS.map((column) => [
  column,
  [column, ...WORDS[column]].map(fold),
]);
const MOST_SUGGESTIONS = 3;

const SAME = 1_000;
/** Short words such as `no` and `id` count only where they are the whole heading. */
const LONG_WORD = 4;

/** Likeness by the letters of the common words, twice where one heading has all words of the other; 0 means none. */
function likeness(heading: string, phrase: string): number {
  if (heading === phrase) return SAME;
  const [one, other] = [heading.split(' '), phrase.split(' ')];
  const common = one.filter((word) => other.includes(word));
  const letters = common.join('').length;
  if (common.length === one.length || common.length === other.length) return 2 * letters;
  return common.some((word) => word.length >= LONG_WORD) ? letters : 0;
}

/**
 * Columns that an unknown heading may mean, the likeliest first. A person chooses.
 * @param taken columns of other headings, which are not suggested
 */
export function suggestColumns(heading: string, taken: ReadonlySet<Column>): Column[] {
  const folded = fold(heading);
  if (folded === '') return [];
  return PHRASES.filter(([column]) => !taken.has(column))
    .map(([column, phrases]) => ({ column, like: Math.max(...phrases.map((phrase) => likeness(folded, phrase))) }))
    .filter(({ like }) => like > 0)
    .toSorted((a, b) => b.like - a.like)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ column }) => column);
}
