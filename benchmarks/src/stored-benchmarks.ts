import type { Benchmark, Peer } from './registry.js'
import type { Shape } from './workloads/shape.js'
import type { WorkloadFormat } from './workloads/workload.js'

const python = (name: string, script: string): Peer => ({ kind: 'python', name, script })

/** Who plans a table of each format; who cannot says so itself. */
const PLANNERS: Readonly<Record<WorkloadFormat, readonly Peer[]>> = {
  delta: [
    python('delta-rs', 'plan_delta_rs.py'),
    python('duckdb', 'plan_duckdb.py'),
    python('polars', 'plan_polars.py'),
    python('delta-kernel-rs', 'plan_delta_kernel.py'),
  ],
  iceberg: [
    python('pyiceberg', 'plan_pyiceberg.py'),
    python('polars', 'plan_polars.py'),
    python('duckdb', 'plan_duckdb_iceberg.py'),
  ],
  hudi: [python('hudi-rs', 'plan_hudi_rs.py')],
  parquet: [python('duckdb', 'rows_duckdb.py'), python('polars', 'rows_polars.py')],
}

const NOTES: Readonly<Partial<Record<WorkloadFormat, string>>> = {
  delta:
    'duckdb plans by delta-kernel-rs and tells no files, so that what it keeps is not judged; polars tells how many.',
  iceberg: 'polars plans by PyIceberg, and tells how many files.',
  parquet:
    'A folder has no plan: duckdb and polars also read and count the rows that ours leaves to whoever gets the files.',
}

const SHAPES: readonly Shape[] = ['sorted', 'random', 'skewed', 'wide', 'partitions', 'deletes']
const MOST: Readonly<Record<WorkloadFormat, number>> = {
  ...{ delta: 10_000_000, iceberg: 10_000_000, hudi: 100_000, parquet: 100_000 },
}
/** Shapes but `sorted` are measured up to this size: what they show does not change with it. */
const MOST_OF_SHAPES = 100_000
/** Of the others, peers wait for a thousand footers, some of them one after another: that is no part of CI. */
const SMOKE: readonly WorkloadFormat[] = ['delta', 'iceberg']
const SMOKE_SHAPES: readonly Shape[] = ['sorted', 'deletes']
const MOST_SMOKE = 1000
/** Of a table of a thousand files: the log or the metadata once, and what a read in parts takes. */
const MOST_REQUESTS: Readonly<Record<WorkloadFormat, number>> = {
  ...{ delta: 14, iceberg: 10, hudi: 14, parquet: 1002 },
}

/** Selective plans from nothing, through the simulated store: `plan-s3/{format}/{shape}/{files}`. */
export function storedBenchmarks(): readonly Benchmark[] {
  const formats = Object.keys(PLANNERS) as WorkloadFormat[]
  return formats.flatMap(format =>
    SHAPES.filter(shape => isMade(format, shape)).flatMap(shape =>
      [1000, 10_000, 100_000, 1_000_000, 10_000_000]
        .filter(files => files <= (shape === 'sorted' ? MOST[format] : MOST_OF_SHAPES))
        .filter(files => files <= MOST[format])
        .map(files => stored({ format, shape, files })),
    ),
  )
}

/** Deletes of Hudi's are log files, whose rows planning never looks at, and a folder of Parquet files has none. */
function isMade(format: WorkloadFormat, shape: Shape): boolean {
  return shape !== 'deletes' || format === 'delta' || format === 'iceberg'
}

function stored(workload: {
  readonly format: WorkloadFormat
  readonly shape: Shape
  readonly files: number
}): Benchmark {
  const { format, shape, files } = workload
  const size = files >= 1_000_000 ? `${files / 1_000_000}M` : `${files / 1000}k`
  const note = NOTES[format]
  return {
    name: `plan-s3/${format}/${shape}/${size}`,
    question: 'plan-s3',
    files,
    size: { of: 'files of the table', count: files },
    smoke: files <= MOST_SMOKE && SMOKE.includes(format) && SMOKE_SHAPES.includes(shape),
    limits: { keepsIdeal: true, ...(files <= 1000 && { requests: MOST_REQUESTS[format] }) },
    peers: PLANNERS[format],
    workload,
    ...(note !== undefined && { note }),
  }
}
