// @ts-check
/** Reads ZIP archives with the browser's own decompressor: APPNOTE.TXT 6.3, parts 4.3 and 4.4. */

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const MAX_COMMENT = 65_535;
const ZIP64 = 0xffffffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;

/**
 * @typedef {object} ZipEntry
 * @property {string} name path within the archive
 * @property {number} size bytes when unpacked
 * @property {() => Promise<string>} text unpacks it
 */

/** What is wrong with an archive, in words for who chose it. */
export class ZipError extends Error {}

/**
 * List the files of an archive.
 *
 * @param {Blob} file
 * @returns {Promise<ZipEntry[]>}
 */
export async function readZip(file) {
  const tail = await view(file.slice(Math.max(0, file.size - END_BYTES - MAX_COMMENT)));
  const end = findEnd(tail);
  const nEntries = tail.getUint16(end + 10, true);
  const size = tail.getUint32(end + 12, true);
  const offset = tail.getUint32(end + 16, true);
  if (offset === ZIP64 || nEntries === 0xffff)
    throw new ZipError('it is a ZIP64 archive: unpack it first');
  const directory = await view(file.slice(offset, offset + size));
  const entries = [];
  for (let at = 0; at + 46 <= directory.byteLength && entries.length < nEntries;) {
    if (directory.getUint32(at, true) !== ENTRY) throw new ZipError('its list of files is broken');
    const lengths = [28, 30, 32].map((i) => directory.getUint16(at + i, true));
    entries.push(entryAt(file, directory, at, lengths[0]));
    at += 46 + lengths[0] + lengths[1] + lengths[2];
  }
  return entries.filter((entry) => !entry.name.endsWith('/'));
}

/**
 * @param {Blob} file
 * @param {DataView} directory
 * @param {number} at
 * @param {number} nameBytes
 * @returns {ZipEntry}
 */
function entryAt(file, directory, at, nameBytes) {
  const flags = directory.getUint16(at + 8, true);
  const method = directory.getUint16(at + 10, true);
  const packed = directory.getUint32(at + 20, true);
  const size = directory.getUint32(at + 24, true);
  const start = directory.getUint32(at + 42, true);
  const bytes = new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameBytes);
  const name = new TextDecoder().decode(bytes);
  return { name, size, text: () => unpack(file, { name, flags, method, packed, start }) };
}

/**
 * @param {Blob} file
 * @param {{name: string, flags: number, method: number, packed: number, start: number}} entry
 */
async function unpack(file, { name, flags, method, packed, start }) {
  if (flags & ENCRYPTED) throw new ZipError(`${name} is encrypted`);
  const local = await view(file.slice(start, start + 30));
  if (local.byteLength < 30 || local.getUint32(0, true) !== LOCAL)
    throw new ZipError(`${name} is broken`);
  const first = start + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const body = file.slice(first, first + packed);
  if (method === STORED) return body.text();
  if (method !== DEFLATED)
    throw new ZipError(`${name} is packed in a way that browsers do not know`);
  try {
    return await new Response(
      body.stream().pipeThrough(new DecompressionStream('deflate-raw')),
    ).text();
  } catch {
    throw new ZipError(`${name} is broken`);
  }
}

/** @param {DataView} tail */
function findEnd(tail) {
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) === END) return at;
  }
  throw new ZipError('it is no ZIP archive, or not a whole one');
}

/** @param {Blob} part */
async function view(part) {
  return new DataView(await part.arrayBuffer());
}
