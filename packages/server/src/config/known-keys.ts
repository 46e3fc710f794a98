import { z } from 'zod'

/** The keys that a mapping at `path` of `document` may have. */
export type KnownKeys = (path: readonly (string | number)[], document: unknown) => readonly string[]

type JsonSchema = z.core.JSONSchema.JSONSchema

/** Read from the schema's JSON form, which is made when the first unknown key asks. */
export function knownKeys(schema: z.ZodType): KnownKeys {
  let root: JsonSchema | undefined
  return (path, document) => {
    root ??= z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    let nodes: readonly JsonSchema[] = alternatives(root, document)
    let value = document
    for (const key of path) {
      value = (value as Readonly<Record<string, unknown>> | undefined)?.[key]
      nodes = nodes
        .flatMap(node => childrenOf(node, key))
        .flatMap(node => alternatives(node, value))
    }
    return [...new Set(nodes.flatMap(({ properties = {} }) => Object.keys(properties)))]
  }
}

function childrenOf(
  { properties, items }: JsonSchema,
  key: string | number,
): readonly JsonSchema[] {
  const child = typeof key === 'number' ? items : properties?.[key]
  return typeof child === 'object' && !Array.isArray(child) ? [child] : []
}

/** Those of a choice that the written `kind` leaves. */
function alternatives(node: JsonSchema, value: unknown): readonly JsonSchema[] {
  const choices = (node.anyOf ?? node.oneOf ?? [node]) as readonly JsonSchema[]
  if (choices.length < 2) return choices
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind
  return choices.filter(({ properties }) => {
    const constant = (properties?.kind as JsonSchema | undefined)?.const
    return constant === undefined || constant === kind
  })
}
