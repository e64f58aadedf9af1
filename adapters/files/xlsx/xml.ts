import { SaxesParser } from 'saxes';
import { ListRefused } from '../../../domain/imports/file.ts';

/** The handlers of a reader. Names have no namespace prefix. */
export type XmlHandler = {
  open?: (name: string, attributes: Readonly<Record<string, string>>) => void;
  close?: (name: string) => void;
  text?: (text: string) => void;
};

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/**
 * Feeds a part of a workbook to the handler and yields after each piece, so that a caller can pass on complete rows. The
 * parser knows no external entities. @throws ListRefused `workbook_damaged`.
 */
export async function* parseXml(chunks: AsyncIterable<Buffer>, handler: XmlHandler): AsyncGenerator<void> {
  const parser = new SaxesParser();
  let failed = false;
  parser.on('error', () => {
    failed = true;
  });
  parser.on('opentag', (tag) => {
    const attributes: Record<string, string> = {};
    for (const [name, value] of Object.entries(tag.attributes)) attributes[localName(name)] = value;
    handler.open?.(localName(tag.name), attributes);
  });
  parser.on('closetag', (tag) => handler.close?.(localName(tag.name)));
  parser.on('text', (text) => handler.text?.(text));
  parser.on('cdata', (text) => handler.text?.(text));
  const decoder = new TextDecoder();
  const stopIfFailed = (): void => {
    if (failed) throw new ListRefused('workbook_damaged', 'One of its parts is no proper XML.');
  };
  for await (const chunk of chunks) {
    parser.write(decoder.decode(chunk, { stream: true }));
    stopIfFailed();
    yield;
  }
  parser.write(decoder.decode()).close();
  stopIfFailed();
  yield;
}

/** Reads a part to its end. */
export async function readXml(chunks: AsyncIterable<Buffer>, handler: XmlHandler): Promise<void> {
  const parsing = parseXml(chunks, handler);
  while (!(await parsing.next()).done);
}

/** `_x000D_` and similar: how workbooks write characters that XML cannot hold. */
export function unescapeCharacters(text: string): string {
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
