// Finds functions that are longer than a reader sees at once, from their first line to their last. biome's
// noExcessiveLinesPerFunction counts lines of bodies that have a token of their own, so neither parameters nor comments
// nor long texts.
import { parseAst } from 'vitest/node'

const FUNCTION = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/

/** `{ line, lines }` of every function of a TypeScript file that has more than `most` lines. */
export function longFunctions(text, most) {
  const lineOf = lineIndex(text)
  const found = []
  const walk = (node, parent) => {
    if (FUNCTION.test(node.type)) {
      // A method's name stands before its function, and is read with it.
      const { start } = parent?.value === node ? parent : node
      const line = lineOf(start)
      const lines = lineOf(node.end - 1) - line + 1
      if (lines > most) found.push({ line, lines })
    }
    for (const child of Object.values(node).flat()) {
      if (typeof child?.type === 'string') walk(child, node)
    }
  }
  walk(parseAst(text, { lang: 'ts' }), undefined)
  return found
}

/** The line, from 1, that an offset is in. */
function lineIndex(text) {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return offset => {
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle] <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}
