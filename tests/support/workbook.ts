import { writeZip } from '../../adapters/files/xlsx/write.ts';

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** A workbook of several sheets, as spreadsheets write them, for tests of what is read and what is not. */
export function workbookOf(
  sheets: ReadonlyArray<{ name: string; hidden?: boolean; rows: ReadonlyArray<readonly string[]> }>,
): Buffer {
  const listed = sheets.map(
    ({ name, hidden }, index) =>
      `<sheet name="${escaped(name)}" sheetId="${index + 1}" r:id="r${index + 1}"${hidden === true ? ' state="hidden"' : ''}/>`,
  );
  const relations = sheets.map(
    (_, index) => `<Relationship Id="r${index + 1}" Target="worksheets/s${index + 1}.xml"/>`,
  );
  return writeZip([
    ['xl/workbook.xml', `${XML}<workbook xmlns:r="r"><sheets>${listed.join('')}</sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', `${XML}<Relationships>${relations.join('')}</Relationships>`],
    ...sheets.map(({ rows }, index): [string, string] => [
      `xl/worksheets/s${index + 1}.xml`,
      `${XML}<worksheet><sheetData>${rows
        .map(
          (cells) =>
            `<row>${cells.map((cell) => `<c t="inlineStr"><is><t>${escaped(cell)}</t></is></c>`).join('')}</row>`,
        )
        .join('')}</sheetData></worksheet>`,
    ]),
  ]);
}
