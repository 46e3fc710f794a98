import type { Profiler } from 'node:inspector'

/** The event loop did nothing else from one look at it to the next. */
export interface Hold {
  /** Microseconds of the monotonic clock, as profiles count. */
  readonly from: number
  readonly to: number
  /** Of the time between, in milliseconds, what the thread was ready to run and other processes ran. */
  readonly waitedMs: number
}

export interface NamedHold {
  /** Milliseconds, without those that other processes had. */
  readonly ms: number
  readonly waitedMs: number
  /** Where most samples of it were, and their share of all. */
  readonly name: string
  readonly share: number
}

type Node = Profiler.ProfileNode & { parent?: Node }

/** Says of each hold what the profile's samples between its ends were doing. */
export function nameHolds(
  holds: readonly Hold[],
  profile: Profiler.Profile | undefined,
): readonly NamedHold[] {
  const samples = profile === undefined ? undefined : timedSamples(profile)
  return holds.map(hold => {
    const counts = new Map<string, number>()
    let total = 0
    for (const { at, name } of samples?.between(hold) ?? []) {
      if (at < hold.from || at > hold.to) continue
      total++
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    const [name, most] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ['(no sample)', 0]
    return {
      ms: (hold.to - hold.from) / 1000 - hold.waitedMs,
      waitedMs: hold.waitedMs,
      name,
      share: total === 0 ? 0 : most / total,
    }
  })
}

interface Sample {
  readonly at: number
  readonly name: string
}

function timedSamples(profile: Profiler.Profile): {
  between(hold: Hold): Iterable<Sample>
} {
  const nodes = new Map<number, Node>(profile.nodes.map(node => [node.id, { ...node }]))
  for (const node of nodes.values()) {
    for (const child of node.children ?? []) nodes.get(child)!.parent = node
  }
  const names = new Map<number, string>()
  const nameOf = (id: number) => {
    const known = names.get(id)
    if (known !== undefined) return known
    const name = frameName(nodes.get(id)!)
    names.set(id, name)
    return name
  }
  const ids = profile.samples ?? []
  const times = new Float64Array(ids.length)
  let at = profile.startTime
  profile.timeDeltas?.forEach((delta, i) => {
    at += delta
    times[i] = at
  })
  return {
    *between({ from, to }) {
      for (let i = firstAtLeast(times, from); i < times.length && times[i]! <= to; i++) {
        yield { at: times[i]!, name: nameOf(ids[i]!) }
      }
    },
  }
}

function firstAtLeast(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The deepest frame of Spillway's, what it was calling if that is not its own, and its nearest caller in another file. */
function frameName(leaf: Node): string {
  let own: Node | undefined = leaf
  while (own !== undefined && placeOf(own) === undefined) own = own.parent
  const leafName = leaf.callFrame.functionName || '(anonymous)'
  if (own === undefined) return leafName
  let caller = own.parent
  while (caller !== undefined && isOf(own, caller)) caller = caller.parent
  return [
    ...(own === leaf ? [] : [leafName]),
    placeOf(own)!,
    ...(caller === undefined ? [] : [placeOf(caller)!]),
  ].join(' < ')
}

function isOf(own: Node, caller: Node): boolean {
  return placeOf(caller) === undefined || caller.callFrame.url === own.callFrame.url
}

const OWN = /\/packages\/([^/]+)\/(?:dist|src)\/(.+)$/

/** `function (package/file:line)`, or nothing for a frame of somebody else's. */
function placeOf({ callFrame }: Node): string | undefined {
  const [, name, file] = OWN.exec(callFrame.url) ?? []
  if (name === undefined || callFrame.url.includes('/node_modules/')) return undefined
  return `${callFrame.functionName || '(anonymous)'} (${name}/${file}:${callFrame.lineNumber + 1})`
}
