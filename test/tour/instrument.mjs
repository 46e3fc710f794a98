// A loader hook of Node: in the built packages every function first says that it is entered. Nothing else of them changes.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseAstAsync } from 'vitest/node'
import { sourceOf } from './files.mjs'

export async function load(url, context, next) {
  const file = sourceOf(url)
  if (file === undefined) return next(url, context)
  const text = await readFile(fileURLToPath(url), 'utf8')
  return { format: 'module', shortCircuit: true, source: await instrumented(text, file) }
}

/** `text` with a call of `__entered(file, start)` at the beginning of each function; `start` tells them apart. */
export async function instrumented(text, file) {
  const insertions = []
  const visit = node => {
    if (node === null || typeof node !== 'object') return
    if (isFunction(node)) {
      const { start, end, type } = node.body
      const entered = `globalThis.__entered?.(${JSON.stringify(file)},${node.start})`
      if (type === 'BlockStatement') insertions.push([start + 1, `${entered};`])
      else insertions.push([start, `(${entered},`], [end, ')'])
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit((await parseAstAsync(text)).body)
  let at = 0
  let out = ''
  for (const [position, what] of insertions.sort(([a], [b]) => a - b)) {
    out += text.slice(at, position) + what
    at = position
  }
  return out + text.slice(at)
}

function isFunction({ type }) {
  return /^(Function(Declaration|Expression)|ArrowFunctionExpression)$/.test(type)
}
