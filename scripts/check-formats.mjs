#!/usr/bin/env node
// Holds that formats stay in their packages (decision 0026): nothing else compares a table's format with a name, looks
// something up by it, or knows a key of a format's properties, but for the places below, each with its reason. What is
// compared is told by its type, from the compiler: the wire's `responseFormat` and a file's format are other types.
import { readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import {
  isBinaryExpression,
  isCallExpression,
  isCaseClause,
  isElementAccessExpression,
  isNoSubstitutionTemplateLiteral,
  isPropertyAccessExpression,
  isStringLiteral,
  isTemplateExpression,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'

const OWN_PACKAGES = ['delta', 'iceberg', 'hudi', 'parquet']

/** Where names of formats stand for a reason, from the root of the repository. A file or, with a slash, a folder. */
const ALLOWED = {
  'packages/core/src/parquet/find-column.ts':
    'reads the mapping of names, in the form of Iceberg, and tells which property it lacks',
  'packages/client/src/query/schema-columns.ts':
    'reads the schema of a metaData action, which is Delta’s on the wire of any table',
  'packages/protocol/src/capabilities/capabilities.ts':
    'reads response formats from the text of a header',
  'packages/protocol/src/capabilities/nested-widening.ts':
    'looks into the metaData action of a Delta log, which the wire passes on',
  'packages/protocol/src/json/schema-string.ts':
    'writes and strips the metadata of fields of a Delta schema, which is the schema of the wire',
  'packages/protocol/src/lines/delta-documents.ts':
    'writes the actions of a Delta log, which are the header of the wire in delta format',
  'packages/rows/src/rewrite/staged-name.ts':
    'hashes these properties into names, which have to stay the same for files that are staged already',
  'packages/server/src/requests/table-request.ts':
    'reads a response format from the text of a body',
  'packages/spillway/src/demo/write-delta.ts': 'writes the Delta tables of the demonstration',
  'packages/spillway/src/tables/native-facts.ts':
    'shows what each format calls its own facts, for `inspect`',
  'packages/spillway/src/tables/stated-counts.ts':
    'holds the summaries of an Iceberg snapshot to its manifests, for `inspect`',
  'packages/testkit/src/tables': 'makes tables of each format, for tests',
}

const NAMES = new Set(['delta', 'iceberg', 'hudi', 'parquet'])
/** Names that stand for nothing but a table's format: whoever compares with them means one, whatever its type. */
const NOTHING_ELSE = new Set(['iceberg', 'hudi'])
const PROPERTY_KEY = /^(?:(?:delta|iceberg|hudi|hoodie|write|parquet)\.[a-z]|schema\.name-mapping)/
const COMPARISONS = new Set([
  SyntaxKind.EqualsEqualsEqualsToken,
  SyntaxKind.ExclamationEqualsEqualsToken,
  SyntaxKind.EqualsEqualsToken,
  SyntaxKind.ExclamationEqualsToken,
])
const LOOKUPS = new Set(['has', 'get', 'includes', 'indexOf'])

/** Places in the sources of `folders`, each with a tsconfig.json, that know a format by name. */
function formatNames(folders) {
  const api = new API({ cwd: process.cwd() })
  try {
    const openProjects = folders.map(folder => resolve(folder, 'tsconfig.json'))
    const projects = api.updateSnapshot({ openProjects }).getProjects()
    return projects.flatMap(project => [...namesIn(project)])
  } finally {
    api.close()
  }
}

function* namesIn({ configFileName, program, checker }) {
  const sources = join(configFileName, '..', 'src/')
  for (const path of program.getSourceFileNames()) {
    if (!path.startsWith(sources)) continue
    const file = program.getSourceFile(path)
    for (const [node, what] of found(file, checker)) {
      const line = file.text.slice(0, node.getStart(file)).split('\n').length
      yield { path: relative(process.cwd(), path), line, what }
    }
  }
}

function* found(node, checker) {
  const what = whatOf(node, checker)
  if (what !== undefined) yield [node, what]
  const children = []
  node.forEachChild(child => void children.push(child))
  for (const child of children) yield* found(child, checker)
}

function whatOf(node, checker) {
  if (isBinaryExpression(node) && COMPARISONS.has(node.operatorToken.kind)) {
    const { left, right } = node
    const isOne = isFormatName(left, right, checker) || isFormatName(right, left, checker)
    return isOne ? `compares ${node.getText()}` : undefined
  }
  if (isCaseClause(node)) {
    const { expression } = node.parent.parent
    return isFormatName(node.expression, expression, checker)
      ? `compares ${expression.getText()} with ${node.expression.getText()}`
      : undefined
  }
  if (isElementAccessExpression(node)) {
    const isOne = isTableFormat(node.argumentExpression, checker)
    return isOne ? `looks up ${node.getText()}` : undefined
  }
  if (isCallExpression(node) && isPropertyAccessExpression(node.expression)) {
    const isLookup = LOOKUPS.has(node.expression.name.text) && node.arguments.length > 0
    const isOne = isLookup && isTableFormat(node.arguments[0], checker)
    return isOne ? `looks up ${node.getText()}` : undefined
  }
  const text = textOf(node)
  return text !== undefined && PROPERTY_KEY.test(text) ? `knows the property ${text}` : undefined
}

/** The text of a literal, or that which a template begins with. */
function textOf(node) {
  if (isTemplateExpression(node)) return node.head.text
  return isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) ? node.text : undefined
}

/** True where `literal` is a format's name and `other`, which it is compared with, may be a table's format. */
function isFormatName(literal, other, checker) {
  const text = textOf(literal)
  if (!NAMES.has(text)) return false
  return NOTHING_ELSE.has(text) || isTableFormat(other, checker) || isAnyText(other, checker)
}

/** By what its declaration says, not by what is left of it after other comparisons. */
function isTableFormat(node, checker) {
  const symbol = checker.getSymbolAtLocation(isPropertyAccessExpression(node) ? node.name : node)
  const types = [checker.getTypeAtLocation(node), symbol && checker.getTypeOfSymbol(symbol)]
  return types.some(type => constituents(type).some(({ value }) => NOTHING_ELSE.has(value)))
}

function isAnyText(node, checker) {
  const names = constituents(checker.getTypeAtLocation(node)).map(type =>
    checker.typeToString(type),
  )
  return names.some(name => ['string', 'any', 'unknown'].includes(name))
}

function constituents(type) {
  if (type === undefined) return []
  return type.getTypes?.() ?? [type]
}

const others = readdirSync('packages').filter(name => !OWN_PACKAGES.includes(name))
const folders =
  process.argv.length > 2 ? process.argv.slice(2) : others.map(name => join('packages', name))
const unneeded = new Set(
  Object.keys(ALLOWED).filter(place => folders.some(folder => place.startsWith(`${folder}/`))),
)
const problems = []
for (const { path, line, what } of formatNames(folders)) {
  const place = Object.keys(ALLOWED).find(each => path === each || path.startsWith(`${each}/`))
  if (place === undefined) problems.push(`${path}:${line} ${what}`)
  else unneeded.delete(place)
}
for (const place of unneeded) problems.push(`${place} may know names of formats, and knows none`)
for (const problem of problems) console.error(`formats: ${problem}`)
console.log(`${folders.length} packages checked, ${problems.length} names of formats out of place`)
process.exit(problems.length === 0 ? 0 : 1)
