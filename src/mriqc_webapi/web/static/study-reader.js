// @ts-check
/**
 * Reads somebody's own image quality metrics from files, without sending them anywhere: MRIQC's
 * group tables and JSON files, tables with commas, ZIP archives of these, any of them gzipped.
 */
import { readZip } from './zip-reader.js';

export const MAX_BYTES = 512 * 2 ** 20;
const MAX_ENTRY_BYTES = 64 * 2 ** 20;
const MISSING = new Set(['', 'n/a', 'na', 'nan', 'none', 'null']);
const NAMES = [
  'bids_name',
  'name',
  'filename',
  'participant_id',
  'subject_id',
  'subject',
  'participant',
];
const READABLE = /\.(json|tsv|csv|txt)(\.gz)?$/i;
const MIN_SHARE = 0.4; // of a resource's required IQMs, for a row to be one of its images

/**
 * @typedef {object} Kind what the catalogue says of one resource
 * @property {string} name
 * @property {string | null} modality
 * @property {string[]} required
 * @property {{name: string, unit: string, better: string, meaning: string}[]} iqms
 */
/**
 * @typedef {object} StudyImage
 * @property {string} name
 * @property {string} kind name of its resource
 * @property {boolean} isGuess whether other resources have the same IQMs
 * @property {Map<string, number>} values
 */
/**
 * @typedef {object} Study
 * @property {StudyImage[]} images
 * @property {string[]} skipped names of files without IQMs
 * @property {string[]} complaints what is wrong with which file
 */

/**
 * Read all that was dropped or chosen.
 *
 * @param {File[]} files
 * @param {Kind[]} kinds
 * @param {(done: number, all: number) => void} [progress]
 * @returns {Promise<Study>}
 */
export async function readStudy(files, kinds, progress = () => {}) {
  /** @type {Study} */
  const study = { images: [], skipped: [], complaints: [] };
  const sources = await listSources(files, study);
  for (const [i, source] of sources.entries()) {
    if (i % 50 === 0) {
      progress(i, sources.length);
      await new Promise((resolve) => setTimeout(resolve));
    }
    try {
      const rows = rowsOf(source.name, await source.text());
      const images = rows.map((row) => imageOf(row, source.name, kinds)).filter((x) => x !== null);
      study.images.push(...images);
      if (images.length === 0) study.skipped.push(source.name);
    } catch (error) {
      study.complaints.push(`${source.name}: ${message(error)}`);
    }
  }
  return study;
}

/**
 * @typedef {{name: string, text: () => Promise<string>}} Source
 */

/**
 * @param {File[]} files
 * @param {Study} study
 * @returns {Promise<Source[]>}
 */
async function listSources(files, study) {
  const sources = [];
  for (const file of files) {
    const name = file.webkitRelativePath || file.name;
    if (file.size > MAX_BYTES) study.complaints.push(`${name}: larger than 512 MB`);
    else if (/\.zip$/i.test(name)) sources.push(...(await zipSources(file, study)));
    else if (READABLE.test(name)) sources.push({ name, text: () => textOf(file, name) });
    else study.skipped.push(name);
  }
  return sources;
}

/**
 * @param {File} file
 * @param {Study} study
 * @returns {Promise<Source[]>}
 */
async function zipSources(file, study) {
  try {
    const entries = await readZip(file);
    const readable = entries.filter(
      (e) => READABLE.test(e.name) && !e.name.endsWith('.gz') && !e.name.startsWith('__MACOSX/'),
    );
    const small = readable.filter((e) => e.size <= MAX_ENTRY_BYTES);
    if (small.length < readable.length)
      study.complaints.push(`${file.name}: files above 64 MB were left out`);
    if (readable.length === 0) study.skipped.push(file.name);
    return small;
  } catch (error) {
    study.complaints.push(`${file.name}: ${message(error)}`);
    return [];
  }
}

/**
 * @param {File} file
 * @param {string} name
 */
async function textOf(file, name) {
  if (!/\.gz$/i.test(name)) return file.text();
  return new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).text();
}

/**
 * Part a file into rows: plain objects of texts or numbers.
 *
 * @param {string} name
 * @param {string} text
 * @returns {Record<string, any>[]}
 */
function rowsOf(name, text) {
  const plain = text.replace(/^\ufeff/, '');
  if (!/\.json(\.gz)?$/i.test(name)) return tableRows(plain);
  const found = parseJson(plain);
  const list = Array.isArray(found)
    ? found
    : Array.isArray(found?._items)
      ? found._items
      : [found];
  return list.filter((/** @type {any} */ row) => row !== null && typeof row === 'object');
}

/**
 * Parse JSON; older versions of MRIQC wrote NaN and Infinity, which are no JSON.
 *
 * @param {string} text
 * @returns {any}
 */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.replace(/(?<=[[:,\s])(?:-?Infinity|NaN)(?=[\s,\]}])/g, 'null'));
    } catch {
      throw new Error('it is no JSON');
    }
  }
}

/** @param {string} text */
function tableRows(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) return [];
  const delimiter = ['\t', ',', ';'].find((d) => lines[0].includes(d)) ?? '\t';
  const split = lines[0].includes('"') || delimiter !== '\t' ? quotedCells : plainCells;
  const head = split(lines[0], delimiter).map((cell) => cell.trim());
  return lines.slice(1).map((line) => {
    const cells = split(line, delimiter);
    return Object.fromEntries(head.map((column, i) => [column, cells[i] ?? '']));
  });
}

/**
 * @param {string} line
 * @param {string} delimiter
 */
function plainCells(line, delimiter) {
  return line.split(delimiter);
}

/**
 * @param {string} line
 * @param {string} delimiter
 */
function quotedCells(line, delimiter) {
  const cells = [''];
  let isQuoted = false;
  for (let i = 0; i < line.length; i += 1) {
    const c = line[i];
    if (c === '"' && isQuoted && line[i + 1] === '"') cells[cells.length - 1] += line[(i += 1)];
    else if (c === '"' && (isQuoted || cells[cells.length - 1] === '')) isQuoted = !isQuoted;
    else if (c === delimiter && !isQuoted) cells.push('');
    else cells[cells.length - 1] += c;
  }
  return cells;
}

/**
 * Make an image of a row, or nothing if it holds too few IQMs of any kind.
 *
 * @param {Record<string, any>} row
 * @param {string} file
 * @param {Kind[]} kinds
 * @returns {StudyImage | null}
 */
function imageOf(row, file, kinds) {
  /** @type {Map<string, number>} */
  const numbers = new Map();
  for (const [column, value] of Object.entries(row)) {
    const number = numberOf(value);
    if (number !== null) numbers.set(column, number);
  }
  const scored = kinds.map((kind) => ({ kind, share: shareOf(kind, row) }));
  const best = Math.max(...scored.map((s) => s.share));
  if (!(best >= MIN_SHARE)) return null;
  const fitting = scored.filter((s) => s.share === best).map((s) => s.kind);
  const name = nameOf(row, file);
  const said = fitting.find((kind) => says(kind, row, name, file));
  const kind = said ?? fitting[0];
  const known = new Set(kind.iqms.map((iqm) => iqm.name));
  const values = new Map([...numbers].filter(([column]) => known.has(column)));
  return { name, kind: kind.name, isGuess: !said && fitting.length > 1, values };
}

/**
 * @param {Kind} kind
 * @param {Record<string, any>} row
 */
function shareOf(kind, row) {
  return kind.required.filter((iqm) => iqm in row).length / Math.max(kind.required.length, 1);
}

/**
 * Whether a row or its file names the kind's modality, as BIDS does.
 *
 * @param {Kind} kind
 * @param {Record<string, any>} row
 * @param {string} name
 * @param {string} file
 */
function says(kind, row, name, file) {
  const suffix = kind.modality ?? kind.name;
  const stated = row.bids_meta?.modality ?? row['bids_meta.modality'] ?? row.modality;
  if (typeof stated === 'string') return stated.toLowerCase() === suffix.toLowerCase();
  return [name, file].some((text) => text.split(/[_./\\]/).includes(suffix));
}

/**
 * @param {Record<string, any>} row
 * @param {string} file
 */
function nameOf(row, file) {
  const isJson = /\.json(\.gz)?$/i.test(file);
  const column = Object.keys(row).find((key) => NAMES.includes(key.toLowerCase()));
  if (column && String(row[column]).trim() !== '') return String(row[column]).trim();
  if (row._id && row.provenance?.md5sum) return String(row.provenance.md5sum);
  const base = file.split(/[/\\]/).at(-1) ?? file;
  if (isJson) return base.replace(/\.json(\.gz)?$/i, '');
  const first = Object.values(row).find(
    (cell) => numberOf(cell) === null && String(cell).trim() !== '',
  );
  return first === undefined ? base : String(first).trim();
}

/**
 * @param {unknown} value
 * @returns {number | null}
 */
function numberOf(value) {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || MISSING.has(value.trim().toLowerCase())) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** @param {unknown} error */
function message(error) {
  return error instanceof Error ? error.message : String(error);
}
