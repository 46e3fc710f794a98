// Writes what was made anew over what was made before.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Makes a folder hold these files and no others, such as those of an earlier bundle, which would be packed. What is there already is not
 * touched: packing bundles anew, and others may be running the command meanwhile.
 */
export function writeFolder(folder, files) {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of files) {
    const path = join(folder, name)
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text)
  }
  for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(join(folder, name))
}
