import type { FoundAsset } from '@spillway/client'
import type { WritableJson } from '@spillway/core'
import { canvasOf } from '../terminal/canvas.js'
import {
  formatBytes,
  formatCount,
  formatFacts,
  formatTable,
  printable,
} from '../terminal/format-table.js'
import type { Terminal } from '../terminal/terminal.js'
import type { AssetDescription } from './describe-asset.js'

/** What an asset says about itself, for people. */
export function assetLines(description: AssetDescription, terminal: Terminal): readonly string[] {
  const { style } = canvasOf(terminal)
  const { name, found, files, bytes, digested, largest, snapshotId } = description
  const facts: (readonly [string, string])[] = [
    ['kind', found.kind],
    ...textsOf(found).map(([key, value]) => [key, printable(value)] as const),
    ['files', `${formatCount(files)}, ${formatBytes(bytes)}`],
    ['digests', digestText(digested, files)],
    ['snapshot', printable(snapshotId)],
  ]
  const rows = largest.map(({ path, size }) => [path, formatBytes(size)])
  const table = formatTable([{ title: 'file' }, { title: 'size', align: 'right' }], rows, style)
  const more = files - largest.length
  return [
    style.bold(printable(name)),
    '',
    ...formatFacts(facts, style),
    ...(rows.length === 0 ? [] : ['', ...table]),
    ...(more > 0 ? [style.dim(`${formatCount(more)} smaller`)] : []),
  ]
}

export function assetJson(description: AssetDescription): { readonly [key: string]: WritableJson } {
  const { name, found, files, bytes, digested, snapshotId } = description
  return {
    name,
    kind: found.kind,
    ...Object.fromEntries(textsOf(found)),
    files,
    bytes,
    filesWithDigest: digested,
    snapshotId,
    largest: description.largest.map(({ path, size }) => ({ path, size })),
  }
}

function digestText(digested: number, files: number): string {
  if (digested === files) return 'of every file'
  return digested === 0 ? 'of none: the bytes cannot be verified' : `of ${formatCount(digested)}`
}

/** Members of the wire that say something to a recipient. Where it lies is for whoever has credentials. */
const TOLD = ['comment', 'description', 'license', 'compatibility', 'allowedTools'] as const

function textsOf({ asset, version }: FoundAsset): readonly (readonly [string, string])[] {
  const told: (readonly [string, string])[] = []
  const members: Readonly<Record<string, unknown>> = { ...asset, ...version }
  if (version !== undefined) told.push(['version', String(version.version)])
  if (version?.aliases?.length) told.push(['aliases', version.aliases.join(', ')])
  for (const name of TOLD) {
    const value = members[name]
    if (typeof value === 'string' && value !== '') told.push([name, value])
  }
  return told
}
