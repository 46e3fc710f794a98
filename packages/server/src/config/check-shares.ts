import { TableError } from '@spillway/core'
import { z } from 'zod'
import { checkedNames } from './checked-names.js'
import { type CheckedConfig, sharesSchema } from './config-schema.js'
import { type ConfigProblem, schemaProblems } from './schema-problems.js'

/** Refuses what is misspelt, named twice, or granted and not there, and says where. */
export function checkSharesConfig(document: unknown): CheckedConfig {
  const { checked, problems } = examineShares(document)
  if (checked !== undefined) return checked
  const reasons = problems.map(({ path, message }) => `${pathText(path)}: ${message}`)
  throw new TableError('INVALID_REQUEST', `invalid shares configuration: ${reasons.join('; ')}`)
}

/** All that is wrong with shares and recipients, or, where nothing is, what they say. */
export function examineShares(document: unknown): {
  readonly checked?: CheckedConfig
  readonly problems: readonly ConfigProblem[]
} {
  const parsed = sharesSchema.safeParse(document)
  if (!parsed.success) {
    return { problems: schemaProblems(parsed.error.issues, { schema: sharesSchema, document }) }
  }
  const problems = checkedNames(parsed.data)
  return problems.length === 0 ? { checked: parsed.data, problems } : { problems }
}

/** What may stand in a configuration, for editors: a JSON Schema of an object with `shares` and `recipients`. */
export function sharesJsonSchema(): object {
  return z.toJSONSchema(sharesSchema, {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-7',
  })
}

function pathText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the document' : path.map(String).join('.')
}
