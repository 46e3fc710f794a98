/** One place of a plan that reads a shared table. */
export interface PlannedScan {
  /** Name of the stub that stands for the table. */
  readonly stub: string
  /** Positions of the columns that the plan reads, filters included. */
  readonly columns: readonly number[]
  /** The plan's filter over the stub's columns, as DuckDB prints expressions. */
  readonly filter?: string | undefined
}

/** What a statement looks at beside rows: names of tables, or their columns too. */
export type Listed = 'nothing' | 'tables' | 'columns'

export interface PlannedStatement {
  readonly scans: readonly PlannedScan[]
  readonly lists: Listed
  /**
   * True where rows leave the plan as they come from its only scan, so that files may be read batch by batch. `limited`
   * where a LIMIT stands between.
   */
  readonly streams: { readonly limited: boolean; readonly filtered: boolean } | undefined
}

interface PlanNode {
  readonly name: string
  readonly children: readonly PlanNode[]
  readonly extra_info: Readonly<Record<string, string | readonly string[]>>
}

const STREAMING: ReadonlySet<string> = new Set(['PROJECTION', 'FILTER', 'LIMIT', 'STREAMING_LIMIT'])

/**
 * What an answer of EXPLAIN (FORMAT JSON) says about stubs. A stub is a CSV file of our own, since DuckDB pushes no
 * filter into one: the whole filter of a scan stands in the FILTER above it, over columns whose names are ours.
 */
export function planScans(explained: string, stubs: ReadonlySet<string>): PlannedStatement {
  const roots = JSON.parse(explained) as readonly PlanNode[]
  const scans: PlannedScan[] = []
  for (const root of roots) collect(root, undefined, { stubs, scans })
  const [root] = roots
  const single = scans.length === 1 && root !== undefined
  return { scans, lists: listedBy(roots), streams: single ? streamsOf(root, stubs) : undefined }
}

/** DuckDB's functions about its catalog, which SHOW, the information schema and `sqlite_master` come down to. */
function listedBy(nodes: readonly PlanNode[]): Listed {
  let listed: Listed = 'nothing'
  for (const { name, children } of nodes) {
    const found = name.trim() === 'DUCKDB_COLUMNS' ? 'columns' : listedBy(children)
    if (found === 'columns') return 'columns'
    if (found === 'tables' || /^DUCKDB_(TABLES|VIEWS|SCHEMAS)$/.test(name.trim())) listed = 'tables'
  }
  return listed
}

interface Collecting {
  readonly stubs: ReadonlySet<string>
  readonly scans: PlannedScan[]
}

function collect(node: PlanNode, parent: PlanNode | undefined, into: Collecting): void {
  const scan = scanOf(node, parent, into.stubs)
  if (scan !== undefined) into.scans.push(scan)
  for (const child of node.children) collect(child, node, into)
}

function scanOf(
  node: PlanNode,
  parent: PlanNode | undefined,
  stubs: ReadonlySet<string>,
): PlannedScan | undefined {
  const columns = lines(node.extra_info.Projections).map(name => name.split('.')[0]!)
  const stub = columns.find(name => stubs.has(name))
  if (node.name.trim() !== 'READ_CSV' || stub === undefined) return undefined
  const filter = parent?.name.trim() === 'FILTER' ? filterText(parent) : ''
  const positions = columns.flatMap(name => positionOf(name, stub) ?? [])
  return {
    stub,
    columns: [...new Set(positions)].sort((a, b) => a - b),
    ...(filter !== '' && { filter }),
  }
}

function filterText({ extra_info: info }: PlanNode): string {
  return lines(info.Expression).join('\n')
}

/** Plans break a text with newlines into a list of lines, without those that are empty. */
function lines(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined || value === '') return []
  return typeof value === 'string' ? [value] : value
}

function positionOf(name: string, stub: string): number | undefined {
  return name.startsWith(`${stub}_c`) ? Number(name.slice(stub.length + 2)) : undefined
}

function streamsOf(root: PlanNode, stubs: ReadonlySet<string>): PlannedStatement['streams'] {
  let limited = false
  let filtered = false
  for (let node = root; ; ) {
    const name = node.name.trim()
    if (name === 'READ_CSV') return { limited, filtered }
    const [child, ...others] = node.children
    if (!STREAMING.has(name) || child === undefined || others.length > 0) return undefined
    // A second LIMIT, or one below a filter, counts rows that the first does not see.
    if (name === 'LIMIT' || name === 'STREAMING_LIMIT') {
      if (limited || filtered) return undefined
      limited = true
    }
    if (name === 'FILTER') filtered ||= !isMarker(filterText(node), stubs)
    node = child
  }
}

/** The condition that every stub has, so that its scan can be told from others. */
function isMarker(filter: string, stubs: ReadonlySet<string>): boolean {
  const match = /^\(?(\w+) IS NOT NULL\)?$/.exec(filter)
  return match !== null && stubs.has(match[1]!)
}
