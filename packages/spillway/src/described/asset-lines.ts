import type { AssetDescription } from '@spillway/client'
import { canvasOf } from '../terminal/canvas.js'
import {
  formatBytes,
  formatCount,
  formatFacts,
  formatTable,
  printable,
} from '../terminal/format-table.js'
import type { Style } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { assetTexts } from './asset-texts.js'
import { mlModelLines } from './model-lines.js'
import { signatureLines } from './signature-lines.js'
import { skillLines } from './skill-lines.js'
import { indexLines, pickleLines, tensorLines, weightLines } from './weight-lines.js'

/** What an asset says about itself, and what its files say, for people. */
export function assetLines(
  description: AssetDescription,
  { terminal, tensors }: { readonly terminal: Terminal; readonly tensors: boolean },
): readonly string[] {
  const { style } = canvasOf(terminal)
  const sections = [
    formatFacts(factsOf(description), style),
    description.mlModel === undefined ? [] : mlModelLines(description.mlModel, style),
    description.skill === undefined ? [] : skillLines(description.skill, style),
    weightLines(description.weights, style),
    tensors ? tensorLines(description.weights, style) : [],
    indexLines(description.indexes, style),
    pickleLines(description.pickles, style),
    description.signature === undefined ? [] : signatureLines(description.signature, style),
    faultLines(description, style),
    largestLines(description, style),
  ]
  const told = sections.filter(lines => lines.length > 0).flatMap(lines => ['', ...lines])
  return [style.bold(printable(description.name)), ...told]
}

function factsOf({
  found,
  files,
  bytes,
  digested,
  digest,
  snapshotId,
}: AssetDescription): readonly (readonly [string, string])[] {
  return [
    ['kind', found.kind],
    ...assetTexts(found).map(([key, value]) => [key, printable(value)] as const),
    ['files', `${formatCount(files)}, ${formatBytes(bytes)}`],
    ['digests', digestText(digested, files)],
    ...(digest === undefined ? [] : [['content', digest] as const]),
    ['snapshot', printable(snapshotId)],
  ]
}

function digestText(digested: number, files: number): string {
  if (digested === files) return 'of every file'
  return digested === 0 ? 'of none: the bytes cannot be verified' : `of ${formatCount(digested)}`
}

/** What could not be told, so that nobody takes it for not there. */
function faultLines({ faults, notLookedAt }: AssetDescription, style: Style): readonly string[] {
  const left =
    notLookedAt === 0
      ? []
      : [`${formatCount(notLookedAt, 'file')} not looked into: --max-files looks into more`]
  if (faults.length + left.length === 0) return []
  return [
    style.bold('Not told'),
    ...faults.map(({ path, message }) => `${style.yellow(printable(path))}  ${printable(message)}`),
    ...left,
  ]
}

function largestLines({ files, largest }: AssetDescription, style: Style): readonly string[] {
  if (largest.length === 0) return []
  const rows = largest.map(({ path, size }) => [path, formatBytes(size)])
  const table = formatTable([{ title: 'file' }, { title: 'size', align: 'right' }], rows, style)
  const more = files - largest.length
  return [...table, ...(more > 0 ? [style.dim(`${formatCount(more)} smaller`)] : [])]
}
