import { sharesJsonSchema } from '@spillway/server'
import { z } from 'zod'
import { DESCRIPTIONS } from './config-descriptions.js'
import { configSchema } from './config-schema.js'

type Node = Record<string, unknown>

/** The configuration as a JSON Schema, made from what the server checks it with: editors complete and explain keys by it. */
export function configJsonSchema(): object {
  const own = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-7',
  }) as Node
  const { properties } = sharesJsonSchema() as { readonly properties: Node }
  const schema: Node = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of spillway serve',
    ...withoutSchemaUri(own),
    properties: sections({ ...(own.properties as Node), ...properties }),
  }
  const node = forEditors(schema) as Node
  for (const [path, description] of Object.entries(DESCRIPTIONS)) describe(node, path, description)
  return node
}

/** A section whose lines are all comments is no mistake. */
function sections(properties: Node): Node {
  return Object.fromEntries(
    Object.entries(properties).map(([key, node]) => {
      const { type } = node as Node
      return [key, { ...(node as Node), type: [type, 'null'] }]
    }),
  )
}

function withoutSchemaUri({ $schema: _, ...rest }: Node): Node {
  return rest
}

/** Editors write `key:` with nothing behind it while somebody types; empty alternatives would allow anything. */
function forEditors(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forEditors)
  if (typeof value !== 'object' || value === null) return value
  const node = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, forEditors(each)]),
  ) as Node
  const { anyOf } = node as { readonly anyOf?: readonly object[] }
  if (anyOf === undefined) return node
  return { ...node, anyOf: anyOf.filter(each => Object.keys(each).length > 0) }
}

/** `path` goes by keys; a list is gone through, and so are all of several alternatives. */
function describe(root: Node, path: string, description: string): void {
  let nodes: readonly Node[] = [root]
  for (const key of path.split('.')) {
    nodes = nodes.flatMap(alternatives).flatMap(({ properties }) => {
      const child = (properties as Node | undefined)?.[key]
      return child === undefined ? [] : [child as Node]
    })
    if (nodes.length === 0) throw new Error(`the schema has no ${path}`)
  }
  for (const node of nodes) node.description = description
}

function alternatives(node: Node): readonly Node[] {
  const { items, anyOf, oneOf } = node as Readonly<Record<string, unknown>>
  if (items !== undefined) return alternatives(items as Node)
  const choices = (anyOf ?? oneOf) as readonly Node[] | undefined
  return choices === undefined ? [node] : choices.flatMap(alternatives)
}
