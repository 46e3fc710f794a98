import type { DescribedIndex, DescribedPickle, DescribedWeights } from '@spillway/client'
import { formatBytes, formatCount, formatTable, printable } from '../terminal/format-table.js'
import type { Style } from '../terminal/style.js'
import { parametersByType } from './tensor-counts.js'

/** Lines of one kind that are printed; `--json` has all. */
const SHOWN = 20

/** Files of safetensors, a line each. */
export function weightLines(weights: readonly DescribedWeights[], style: Style): readonly string[] {
  if (weights.length === 0) return []
  const all = weights.reduce((sum, { header }) => sum + header.parameters, 0n)
  const rows = weights.map(({ path, size, header }) => [
    path,
    formatBytes(size),
    formatCount(header.tensors.length),
    formatCount(header.parameters),
    parametersByType(header)
      .map(([dtype]) => dtype)
      .join(', '),
  ])
  return [
    style.bold(`safetensors: ${formatCount(all, 'parameter')}`),
    ...formatTable(
      [
        { title: 'file' },
        { title: 'size', align: 'right' },
        { title: 'tensors', align: 'right' },
        { title: 'parameters', align: 'right' },
        { title: 'types' },
      ],
      rows.slice(0, SHOWN),
      style,
    ),
    ...moreOf(rows.length, style),
  ]
}

/** Every tensor of every file. */
export function tensorLines(weights: readonly DescribedWeights[], style: Style): readonly string[] {
  return weights.flatMap(({ path, header }, i) => [
    ...(i === 0 ? [] : ['']),
    style.bold(printable(path)),
    ...formatTable(
      [{ title: 'tensor', whole: true }, { title: 'type' }, { title: 'shape' }],
      header.tensors.map(({ name, dtype, shape }) => [
        name,
        dtype,
        shape.length === 0 ? 'scalar' : shape.join(' × '),
      ]),
      style,
    ),
  ])
}

/** Whether an index and its shards agree. */
export function indexLines(indexes: readonly DescribedIndex[], style: Style): readonly string[] {
  return indexes.flatMap(({ path, shards, tensors, notCompared, faults }) => {
    const counts = `${formatCount(shards, 'shard')}, ${formatCount(tensors, 'tensor')}`
    const left = notCompared === 0 ? '' : `, ${formatCount(notCompared)} not compared`
    const verdict = faults.length > 0 ? 'contradict it' : notCompared < shards ? 'agree' : ''
    const told = [`${counts}${left}`, ...(verdict === '' ? [] : [verdict])].join(': ')
    return [
      `${style.bold(printable(path))}  ${told}`,
      ...faults.slice(0, SHOWN).map(fault => `  ${style.yellow(printable(fault))}`),
      ...moreOf(faults.length, style),
    ]
  })
}

/** What runs code when it is loaded. */
export function pickleLines(pickles: readonly DescribedPickle[], style: Style): readonly string[] {
  if (pickles.length === 0) return []
  return [
    style.bold('Pickles: loading one runs code of whoever made it; nothing here loads it'),
    ...pickles.slice(0, SHOWN).map(({ path, isCertain, reason }) => {
      const verdict = isCertain ? 'is a pickle' : 'may be a pickle'
      return `${style.yellow(printable(path))}  ${verdict}: ${printable(reason)}`
    }),
    ...moreOf(pickles.length, style),
  ]
}

export function moreOf(count: number, style: Style): readonly string[] {
  return count <= SHOWN ? [] : [style.dim(`${formatCount(count - SHOWN)} more; --json has all`)]
}
