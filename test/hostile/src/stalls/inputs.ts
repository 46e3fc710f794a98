import { checkpointOfAdds, commitOfAdds, wideDelta } from './delta-inputs.js'
import {
  avroCommit,
  indexedFiles,
  jsonCommit,
  longLogs,
  longTimeline,
  wideHudi,
} from './hudi-inputs.js'
import { longManifest, longMetadata, manyPartitions, wideIceberg } from './iceberg-inputs.js'
import { manyParquetFiles, wideParquetFiles } from './parquet-inputs.js'

/** A table that is heavy to open, and what is asked of it. */
export interface HeavyInput {
  readonly name: string
  /** Makes it; `share` makes it as much smaller. */
  readonly make: (folder: string, share: number) => Promise<void>
  readonly query: object
  /** What the whole table is answered with. A schema past `limits.columns` is refused. */
  readonly status: number
}

const EVERYTHING = {}
/** Tables whose files are read for their footers have one file that is there. */
const FIRST_FILE = { predicateHints: ['id < 5'] }

/** As large as pages are: of all files, those with the smallest keys. */
const LARGE_PAGE = { maxFiles: 100_000 }

const MEGABYTE = 1_000_000

/** Name, how it is made, and how many files, columns, records or commits it has; the columns that are hinted at. */
const HUDI_INPUTS: readonly HeavyInput[] = (
  [
    ['hudi-commit-json', jsonCommit, 60_000, EVERYTHING],
    ['hudi-commit-avro', avroCommit, 130_000, EVERYTHING],
    ['hudi-columns-30k', wideHudi, 30_000, EVERYTHING],
    ['hudi-logs', longLogs, 600_000, EVERYTHING],
    ['hudi-index', indexedFiles, 100_000, FIRST_FILE],
    ['hudi-timeline', longTimeline, 20_000, EVERYTHING],
  ] as const
).map(([name, make, count, query]) => ({
  name,
  make: (folder, share) => make(folder, Math.ceil(count * share)),
  query,
  status: 200,
}))

export const HEAVY_INPUTS: readonly HeavyInput[] = [
  {
    name: 'metadata-100MB',
    make: (folder, share) => longMetadata(folder, Math.ceil(100 * MEGABYTE * share)),
    query: EVERYTHING,
    status: 200,
  },
  ...[30_000, 100_000].flatMap((columns): readonly HeavyInput[] => {
    const status = columns > 32_768 ? 400 : 200
    const count = (share: number) => (status === 200 ? Math.ceil(columns * share) : columns)
    return [
      {
        name: `delta-columns-${columns / 1000}k`,
        make: (folder, share) => wideDelta(folder, count(share)),
        query: EVERYTHING,
        status,
      },
      {
        name: `iceberg-columns-${columns / 1000}k`,
        make: (folder, share) => wideIceberg(folder, count(share)),
        query: EVERYTHING,
        status,
      },
    ]
  }),
  ...[false, true].map(
    (oneBlock): HeavyInput => ({
      name: `manifest-64MB${oneBlock ? '-one-block' : ''}`,
      make: (folder, share) =>
        longManifest(folder, { bytes: Math.ceil(64 * MEGABYTE * share), oneBlock }),
      query: FIRST_FILE,
      status: 200,
    }),
  ),
  {
    name: 'page-of-manifest-64MB',
    make: (folder, share) =>
      longManifest(folder, { bytes: Math.ceil(64 * MEGABYTE * share), oneBlock: false }),
    query: { ...FIRST_FILE, ...LARGE_PAGE },
    status: 200,
  },
  {
    name: 'partitions-of-manifest-400k',
    make: (folder, share) => manyPartitions(folder, Math.ceil(400_000 * share)),
    query: FIRST_FILE,
    status: 200,
  },
  {
    name: 'page-of-checkpoint-1M',
    make: (folder, share) =>
      checkpointOfAdds(folder, {
        files: Math.ceil(1_000_000 * share),
        groupRows: 1_000_000,
      }),
    query: LARGE_PAGE,
    status: 200,
  },
  {
    name: 'commit-1M',
    make: (folder, share) => commitOfAdds(folder, Math.ceil(1_000_000 * share)),
    query: EVERYTHING,
    status: 200,
  },
  ...[61_440, 1_000_000].map(
    (groupRows): HeavyInput => ({
      name: `checkpoint-1M${groupRows === 1_000_000 ? '-one-group' : ''}`,
      make: (folder, share) =>
        checkpointOfAdds(folder, { files: Math.ceil(1_000_000 * share), groupRows }),
      query: EVERYTHING,
      status: 200,
    }),
  ),
  ...HUDI_INPUTS,
  {
    name: 'parquet-files-60k',
    make: (folder, share) => manyParquetFiles(folder, Math.ceil(60_000 * share)),
    query: { predicateHints: ['`column 0` > 5'] },
    status: 200,
  },
  {
    name: 'parquet-columns-30k',
    make: (folder, share) => wideParquetFiles(folder, Math.ceil(30_000 * share)),
    query: EVERYTHING,
    status: 200,
  },
]
