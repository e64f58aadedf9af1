import { SaxesParser } from 'saxes';
import { ListRefused } from '../../../domain/imports/file.ts';
import { type ArchivedFile, BadArchive, filesOfZip } from '../../archives/zip.ts';

/**
 * Normal sheets are compressed about twenty times. A large part that is compressed a hundred times is an attack on
 * memory.
 */
const MOST_PACKED = 100;
const SMALL_PART = 32 * 1024 * 1024;

/** The parts of a workbook. */
export type Parts = {
  has(name: string): boolean;
  /**
   * The unpacked bytes in pieces; null if there is no such part.
   * @throws ListRefused `too_large` if all requested parts together are too large, `workbook_damaged`
   */
  open(name: string): AsyncGenerator<Buffer> | null;
};

/**
 * Opens the archive of a workbook.
 * @param limit bytes of all parts that are opened, unpacked and counted once each
 * @throws ListRefused `workbook_damaged`
 */
export async function openParts(bytes: Buffer, limit: number): Promise<Parts> {
  const files = new Map<string, ArchivedFile>();
  const opened = new Set<ArchivedFile>();
  try {
    for await (const file of filesOfZip(bytes)) files.set(file.name, file);
  } catch (error) {
    throw refusalFor(error);
  }
  return {
    has: (name) => files.has(name),
    open(name) {
      const file = files.get(name);
      if (file === undefined) return null;
      opened.add(file);
      const total = [...opened].reduce((sum, { size }) => sum + size, 0);
      return unpack(file, total, limit);
    },
  };
}

/** A part whose size differs from the directory is refused, so the sizes can be checked before unpacking. */
async function* unpack(file: ArchivedFile, total: number, limit: number): AsyncGenerator<Buffer> {
  if (total > limit) throw new ListRefused('too_large', `The limit unpacked is ${limit} bytes.`);
  if (file.size > SMALL_PART && file.size > MOST_PACKED * file.packedSize) {
    throw new ListRefused('too_large', `It unpacks to more than ${MOST_PACKED} times its size.`);
  }
  try {
    yield* file.unpack();
  } catch (error) {
    throw refusalFor(error);
  }
}

function refusalFor(error: unknown): unknown {
  return error instanceof BadArchive ? new ListRefused('workbook_damaged', `${error.message}.`) : error;
}

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
