/** The same document with other members; those that it has may be computed when they are first read. */
export function withMembers<Document extends object>(
  document: Document,
  members: { readonly [Name in keyof Document]?: Document[Name] | undefined },
): Document {
  const replaced = Object.entries(members).map(
    ([name, value]) => [name, { value, enumerable: true }] as const,
  )
  return Object.create(Object.getPrototypeOf(document), {
    ...Object.getOwnPropertyDescriptors(document),
    ...Object.fromEntries(replaced),
  })
}
