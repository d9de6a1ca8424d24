// @ts-check
/** What was dropped on a page, as files. */

/**
 * List the files of what was dropped, folders within folders included.
 *
 * @param {FileSystemEntry | null | undefined} entry
 * @returns {Promise<File[]>}
 */
export async function filesOf(entry) {
  if (entry?.isFile) {
    const file = /** @type {FileSystemFileEntry} */ (entry);
    return [await new Promise((resolve, reject) => file.file(resolve, reject))];
  }
  if (!entry?.isDirectory) return [];
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const one of some) found.push(...(await filesOf(one)));
  }
}
