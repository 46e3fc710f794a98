import { isTableError } from '@spillway/core'
import { parseSqlPredicate } from '@spillway/protocol'
import { heldBack } from '../access/access-modes.js'
import type { CheckedConfig } from './config-schema.js'
import { quoted } from './found-value.js'
import type { ConfigProblem } from './schema-problems.js'

type Path = ConfigProblem['path']
type Schema = CheckedConfig['shares'][number]['schemas'][number]
type Table = Schema['tables'][number]
type Model = Schema['models'][number]

/** What each part allows and all of them together do not: names and tokens twice, grants of nothing, leaks. */
export function checkedNames({ shares, recipients }: CheckedConfig): readonly ConfigProblem[] {
  return [
    ...repeated(shares, ['shares'], 'share'),
    ...shares.flatMap(({ schemas }, i) => [
      ...repeated(schemas, ['shares', i, 'schemas'], 'schema'),
      ...schemas.flatMap((schema, j) => schemaProblemsOf(schema, ['shares', i, 'schemas', j])),
    ]),
    ...repeated(recipients, ['recipients'], 'recipient'),
    ...repeatedIds(recipients),
    ...unknownGrants({ shares, recipients }),
    ...repeatedTokens(recipients),
  ]
}

function schemaProblemsOf(
  { tables, volumes, models, skills }: Schema,
  path: Path,
): readonly ConfigProblem[] {
  return [
    ...repeated(tables, [...path, 'tables'], 'table'),
    ...tables.flatMap((table, k) => tableProblems(table, [...path, 'tables', k])),
    ...repeated(volumes, [...path, 'volumes'], 'volume'),
    ...repeated(skills, [...path, 'skills'], 'skill'),
    ...unreadablePublic(skills, [...path, 'skills']),
    ...repeated(models, [...path, 'models'], 'model'),
    ...models.flatMap((model, k) => [
      ...repeatedVersions(model, [...path, 'models', k, 'versions']),
      ...twoOrigins(model, [...path, 'models', k]),
    ]),
  ]
}

/** Nobody gives credentials to strangers. */
function unreadablePublic(skills: Schema['skills'], path: Path): readonly ConfigProblem[] {
  return skills.flatMap(({ name, public: isPublic, accessModes }, k) => {
    if (!isPublic || accessModes === undefined || accessModes.includes('url')) return []
    const message = `skill ${name} is public, and shared by dir access alone: strangers have no credentials`
    return [problem([...path, k, 'public'], message)]
  })
}

/** Versions come from one place, and digests are made of folders that the configuration names. */
function twoOrigins(
  { name, versions, registry, registeredName, digests }: Model,
  path: Path,
): readonly ConfigProblem[] {
  if (registry === undefined) {
    if (registeredName === undefined) return []
    return [problem([...path, 'registeredName'], `model ${name} names no registry that it is in`)]
  }
  return [
    ...(versions.length > 0
      ? [problem([...path, 'versions'], `model ${name} has versions, and a registry that has them`)]
      : []),
    ...(digests
      ? [problem([...path, 'digests'], `digests are not made of versions in a registry`)]
      : []),
  ]
}

/** An alias leads to one version. */
function repeatedVersions({ name, versions }: Model, path: Path): readonly ConfigProblem[] {
  const seen = new Set<string>()
  return versions.flatMap(({ version, aliases = [] }, i) => {
    const own = [
      { key: String(version), at: ['version'], what: `version ${version}` },
      ...aliases.map((alias, j) => {
        const what = `alias ${quoted(alias, 'with a name')}`
        return { key: alias.toLowerCase(), at: ['aliases', j], what }
      }),
    ]
    return own.flatMap(({ key, at, what }) => {
      if (!seen.has(key)) {
        seen.add(key)
        return []
      }
      return [problem([...path, i, ...at], `${what} of model ${name} is defined twice`)]
    })
  })
}

function problem(path: Path, message: string): ConfigProblem {
  return { path, at: 'value', message }
}

function repeated(
  items: readonly { readonly name: string }[],
  path: Path,
  what: string,
): readonly ConfigProblem[] {
  const seen = new Set<string>()
  return items.flatMap(({ name }, i) => {
    const key = name.toLowerCase()
    if (!seen.has(key)) {
      seen.add(key)
      return []
    }
    return [problem([...path, i, 'name'], `the ${what} ${quoted(name, 'a name')} is defined twice`)]
  })
}

function repeatedIds(recipients: CheckedConfig['recipients']): readonly ConfigProblem[] {
  const seen = new Map<string, number>()
  return recipients.flatMap(({ id, name }, i) => {
    const own = id ?? name
    const first = seen.get(own)
    seen.set(own, first ?? i)
    // The same name twice is told as that.
    if (first === undefined || (id === undefined && recipients[first]!.id === undefined)) return []
    return [problem(['recipients', i, 'id'], 'two recipients have the same id')]
  })
}

function unknownGrants({ shares, recipients }: CheckedConfig): readonly ConfigProblem[] {
  const names = shares.map(({ name }) => name)
  const known = new Set(names.map(name => name.toLowerCase()))
  return recipients.flatMap(({ name, shares: granted }, i) =>
    granted.flatMap((grant, j) => {
      if (grant === '*' || known.has(grant.toLowerCase())) return []
      const whom = `recipient ${quoted(name, 'with a name')}`
      const message = `${whom} is granted share ${quoted(grant, 'with a name')}, which is not defined`
      const meant = { written: grant, names }
      return [{ ...problem(['recipients', i, 'shares', j], message), meant }]
    }),
  )
}

function repeatedTokens(recipients: CheckedConfig['recipients']): readonly ConfigProblem[] {
  const seen = new Set<string>()
  return recipients.flatMap(({ tokens }, i) =>
    tokens.flatMap(({ sha256 }, j) => {
      const key = sha256.toLowerCase()
      if (!seen.has(key)) {
        seen.add(key)
        return []
      }
      const path = ['recipients', i, 'tokens', j, 'sha256']
      return [problem(path, 'this token stands here twice: two recipients have the same token')]
    }),
  )
}

function tableProblems(table: Table, path: Path): readonly ConfigProblem[] {
  return [...directoryProblems(table, path), ...partitionProblems(table, path)]
}

/** Credentials open the whole folder: every version and every partition that is in it. */
function directoryProblems(table: Table, path: Path): readonly ConfigProblem[] {
  if (!table.accessModes?.includes('dir')) return []
  const { history, startVersion, partitions, rebase, view, metadataFile, redactDropped } = table
  const source = { rebase, view, metadataFile, redactDropped }
  const leaks = heldBack({ history, startVersion, partitions, source })
  if (leaks.length === 0) return []
  const message = `table ${table.name} cannot be shared by dir access, because ${leaks.join(' and ')}`
  return [problem([...path, 'accessModes'], message)]
}

/** A filter that is not understood entirely would share more, or less, than the provider wrote. */
function partitionProblems({ name, partitions }: Table, path: Path): readonly ConfigProblem[] {
  if (partitions === undefined) return []
  const reason = unreadable(partitions)
  if (reason === undefined) return []
  return [problem([...path, 'partitions'], `the partitions of table ${name}: ${reason}`)]
}

function unreadable(partitions: string): string | undefined {
  try {
    const [first] = parseSqlPredicate(partitions).unapplied
    return first && `${first.predicate}: ${first.reason}`
  } catch (error) {
    if (isTableError(error)) return error.message
    throw error
  }
}
