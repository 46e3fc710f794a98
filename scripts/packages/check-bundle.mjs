// What may be wrong with a bundle, by its text alone: what it asks for, and whose code it says that it holds.
import { isBuiltin } from 'node:module'
import { packagesIn } from './bundled-licences.mjs'

const CLIENT = '@duckdb/node-api'
const BINDINGS = '@duckdb/node-bindings'

/** What a bundle's code asks for by name: `import`, `export … from`, `import()`, and `require` as a bundler calls it. */
const ASKED =
  /^(?:import|export)\b[^'"\n]*?["']([^"'\n]+)["'];?$|\b(?:__require|import)\(["']([^"'\n]+)["']\)/gm
/** A line of one: examples in comments import what they like. */
const COMMENT = /^\s*(?:\*|\/\*|\/\/).*$/gm
/** A bundler says above each module where it was; in a store of pnpm that has name and version. */
const MODULE =
  /^\/\/ \S*node_modules\/\.pnpm\/(?:[^/\n]+)\/node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm
const STORED = /\.pnpm\/(?:@[^+/]+\+)?[^@/]+@([^/_(]+)/

/**
 * Problems of a bundle, as sentences: `code` by the names of its files, `thirdParty` the text beside it, `dependencies` as a manifest
 * has them.
 */
export function problemsOfBundle({ code, thirdParty, dependencies }) {
  const problems = []
  const listed = packagesIn(thirdParty)
  for (const [name, text] of code) {
    for (const asked of askedBy(text)) {
      if (asked.startsWith('.')) {
        if (!code.has(asked.slice(2)))
          problems.push(`${name} asks for ${asked}, which is not there`)
      } else if (!isBuiltin(asked) && !Object.hasOwn(dependencies, asked)) {
        problems.push(`${name} asks for ${asked}, which is neither bundled nor a dependency`)
      }
    }
    for (const one of packagesOf(text)) {
      if (!listed.has(one))
        problems.push(`${name} holds ${one}, which THIRD-PARTY.txt does not name`)
    }
  }
  // What is bundled calls what is not by its inner names, which no version promises to the next.
  const native = dependencies[BINDINGS]
  for (const one of listed) {
    if (one.startsWith(`${CLIENT} `) && one !== `${CLIENT} ${native}`)
      problems.push(
        `${one} is bundled, and depends on ${BINDINGS} ${native}: they have one version`,
      )
  }
  return problems
}

function askedBy(text) {
  const code = text.replace(COMMENT, '')
  return new Set([...code.matchAll(ASKED)].map(([, stated, called]) => stated ?? called))
}

function packagesOf(text) {
  const found = new Set()
  for (const [line, name] of text.matchAll(MODULE)) found.add(`${name} ${STORED.exec(line)[1]}`)
  return found
}
