import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** Why a table was not found where somebody said, and what would find it; empty where nothing of this machine tells. */
export async function locationHint(location: string, folder: string): Promise<string> {
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(location)) return ''
  const path = resolve(folder, location)
  const found = await stat(path).catch(() => undefined)
  const hasMarks = /[*?[{]/.test(location)
  if (found === undefined) return hasMarks ? missing(location) : ': there is no such folder'
  if (!found.isDirectory())
    return `: that is a file, and a table is a folder of them; ${alone(location)}`
  if (!hasMarks) return ': no log of a table and no Parquet file lies in this folder'
  const escaped = location.replaceAll(/[*?[{},]/g, mark => `[${mark}]`).replace(/\/+$/, '')
  return `: * ? [ and { are marks of a pattern here; '${escaped}/**' are the Parquet files of this folder, --format says another format of it`
}

function missing(location: string): string {
  return `: no Parquet file matches the pattern ${location}; * ? [ab] and {a,b} stay within a name, ** goes over folders`
}

/** A pattern that only this file matches: its first letter in brackets. */
function alone(location: string): string {
  const [first = '', ...rest] = basename(location)
  if (!/^[\p{L}\p{N}]$/u.test(first)) return 'share the folder that it lies in'
  const pattern = join(dirname(location), `[${first}]${rest.join('')}`)
  return `share the folder that it lies in, or the pattern '${pattern}', which it alone matches`
}
