import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml'

/** True where something stands for what is written elsewhere: an edit of one would be an edit of the other, or of none. */
export function hasAliases(document: Document): boolean {
  let found = false
  visit(document, {
    Alias: () => {
      found = true
      return visit.BREAK
    },
  })
  return found
}

/**
 * The document with a copy of what each alias stands for in its place, merge keys too, and without anchors. It has to be one whose
 * aliases lead somewhere and not around.
 */
export function writtenOut(document: Document): Document {
  const written = document.clone() as Document
  const anchored = new Map<string, Node>()
  visit(written, {
    Node(_, node) {
      if (!isAlias(node)) {
        if (node.anchor) anchored.set(node.anchor, node)
        return undefined
      }
      const copy = withoutAnchors(anchored.get(node.source)!.clone() as Node)
      copy.comment = node.comment ?? null
      copy.commentBefore = node.commentBefore ?? null
      copy.spaceBefore = node.spaceBefore ?? false
      return copy
    },
  })
  if (written.contents !== null) mergeBelow(withoutAnchors(written.contents as Node))
  return written
}

/** An anchor of what was copied would be one of another: those that follow it would be taken for it. */
function withoutAnchors(node: Node): Node {
  if (isAlias(node)) return node
  delete node.anchor
  if (isCollection(node)) {
    for (const item of node.items) {
      for (const each of isPair(item) ? [item.key, item.value] : [item]) {
        if (isScalar(each) || isCollection(each)) withoutAnchors(each as Node)
      }
    }
  }
  return node
}

function mergeBelow(node: unknown): void {
  if (!isCollection(node)) return
  for (const item of node.items) mergeBelow(isPair(item) ? item.value : item)
  if (isMap(node)) mergeInto(node)
}

/** What is written wins over what is merged, and what is merged first over what comes after. */
function mergeInto(map: YAMLMap): void {
  const merges = map.items.filter(isMerge)
  if (merges.length === 0) return
  const own = map.items.filter(pair => !merges.includes(pair))
  const known = new Set(own.map(keyOf))
  const merged = merges.flatMap(({ value }) =>
    (isSeq(value) ? value.items : [value]).flatMap(each => (each as YAMLMap).items as Pair[]),
  )
  const first = merged.filter(pair => {
    const isNew = !known.has(keyOf(pair))
    known.add(keyOf(pair))
    return isNew
  })
  map.items = [...own, ...first]
}

/** https://yaml.org/type/merge.html: a key that is `<<` and no text, before one mapping or several. */
function isMerge({ key, value }: Pair): boolean {
  const text = isScalar(key) ? key.value : key
  const isKey = typeof text === 'symbol' ? text.description === '<<' : text === '<<'
  return isKey && (isMap(value) || (isSeq(value) && value.items.every(isMap)))
}

function keyOf({ key }: Pair): unknown {
  return isScalar(key) ? key.value : key
}
