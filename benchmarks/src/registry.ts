import type { Limits } from './limits.js'
import { storedBenchmarks } from './stored-benchmarks.js'
import type { SuiteName } from './suites.js'
import type { Workload } from './workloads/workload.js'

/** Another implementation that answers the same question over the same bytes in the same run. */
export type Peer =
  | { readonly kind: 'python'; readonly name: string; readonly script: string }
  | { readonly kind: 'node'; readonly name: string }

export interface Benchmark {
  /** `{question}/{format}/{files}`. */
  readonly name: string
  readonly question: string
  readonly files: number
  /** What its size counts: files, unless said otherwise. Absent where a question has one size. */
  readonly size?: { readonly of: string; readonly count: number }
  /** How what contenders do differs, where it does. */
  readonly note?: string
  /** Part of the small run that CI makes. */
  readonly smoke: boolean
  readonly peers: readonly Peer[]
  /** Asked through the simulated store, over a table that is made before anybody is measured. */
  readonly workload?: Workload
  /** A program that asks all contenders by itself. */
  readonly suite?: SuiteName
  /** A run that exceeds them has failed. */
  readonly limits?: Limits
}

const deltaRs: Peer = { kind: 'python', name: 'delta-rs', script: 'delta_rs.py' }
const pyIceberg: Peer = { kind: 'python', name: 'pyiceberg', script: 'py_iceberg.py' }
/** iceberg-rust's decoders, as PyIceberg ships them: what it takes to have the entries, before any of them is judged. */
const icebergRust: Peer = { kind: 'python', name: 'iceberg-rust', script: 'iceberg_rust.py' }
const hudiRs: Peer = { kind: 'python', name: 'hudi-rs', script: 'hudi_rs.py' }
const awsSdk: Peer = { kind: 'node', name: 'aws-sdk' }
/** A program of Node's that does nothing. */
const bareNode: Peer = { kind: 'node', name: 'node' }

function filesOf(count: number) {
  return { of: 'files of the table', count }
}

function sizeName(files: number): string {
  return files >= 1_000_000 ? `${files / 1_000_000}M` : `${files / 1000}k`
}

/** What the small run asks of a million files too: the other questions grow as these do. */
const AT_A_MILLION = ['plan-cold', 'plan-warm', 'stream']

function delta(question: string, files: number, peers: readonly Peer[]): Benchmark {
  const name = `${question}/delta/${sizeName(files)}`
  const smoke = files < 1_000_000 || AT_A_MILLION.includes(question)
  return { name, question, files, size: filesOf(files), smoke, peers }
}

/** 100 manifests; `deletes` has the shape of Java's PlanningBenchmark: 30 partitions, 50 delete files in each. */
function iceberg(question: string, files: number, smoke = false): Benchmark {
  const name = `${question}/iceberg/${sizeName(files)}`
  const peers = question.endsWith('-warm') ? [pyIceberg] : [pyIceberg, icebergRust]
  return { name, question: `iceberg-${question}`, files, size: filesOf(files), smoke, peers }
}

/** File groups with column_stats (`indexed`) or without a metadata table (`plain`), cold. */
function hudi(question: string, files: number): Benchmark {
  const name = `${question}/hudi/${files / 1000}k`
  const size = filesOf(files)
  return { name, question: `hudi-${question}`, files, size, smoke: files <= 1000, peers: [hudiRs] }
}

/** Files of an Iceberg table whose shapes only their footers tell, 20 ms a request: the first query and the second. */
function footers(question: string, files: number): Benchmark {
  const name = `footers/${question}/${files / 1000}k`
  return { name, question, files, size: filesOf(files), smoke: files <= 1000, peers: [] }
}

/** Selective queries of a table of 100,000 files, by so many recipients at once. */
function queryHttp(recipients: number): Benchmark {
  return {
    name: `query-http/delta-100k/${recipients}`,
    question: `query-http-${recipients}`,
    files: 100_000,
    size: { of: 'recipients at once', count: recipients },
    note: 'Milliseconds of each answer, 1,000 lines; memory of the server, after the last.',
    smoke: recipients === 10,
    peers: [],
  }
}

/** Processor time beside plain work in the same process, which has a limit: what CI holds hot paths to. */
function guard(of: string, files: number): Benchmark {
  const note =
    'Fails where `ratio`, of processor time to that of plain work in turns, is above `most`.'
  return { name: `guard/${of}`, question: `guard-${of}`, files, smoke: true, peers: [], note }
}

function suite(name: SuiteName, note: string): Benchmark {
  return {
    name: `${name}/delta`,
    question: name,
    files: 0,
    smoke: false,
    peers: [],
    suite: name,
    note,
  }
}

const sizes = [100_000, 1_000_000]

export const benchmarks: readonly Benchmark[] = [
  ...sizes.map(files => delta('snapshot-cold', files, [deltaRs])),
  ...sizes.map(files => delta('plan-cold', files, [deltaRs])),
  ...sizes.map(files => delta('plan-warm', files, [deltaRs])),
  ...sizes.map(files => delta('refresh', files, [deltaRs])),
  ...sizes.map(files => delta('stream', files, [])),
  ...sizes.map(files => delta('plan-restart', files, [deltaRs])),
  ...[1_000_000, 10_000_000].map(files => ({
    ...delta('memory', files, []),
    smoke: false,
    note: 'Megabytes after collections, before a table was read and after plans over all of it.',
  })),
  ...sizes.map(files => ({ ...delta('stream-socket', files, []), smoke: false })),
  iceberg('plan-cold', 20_000, true),
  iceberg('plan-warm', 20_000, true),
  iceberg('snapshot-cold', 1_000_000),
  iceberg('plan-cold', 1_000_000),
  iceberg('plan-warm', 1_000_000),
  iceberg('clustered-cold', 1_000_000),
  iceberg('deletes-cold', 30_000, true),
  iceberg('deletes-warm', 30_000, true),
  iceberg('deletes-cold', 1_500_000),
  iceberg('deletes-warm', 1_500_000),
  ...[1000, 10_000, 100_000].flatMap(files => [
    hudi('snapshot-indexed', files),
    hudi('plan-indexed', files),
    hudi('snapshot-plain', files),
    hudi('plan-plain', files),
  ]),
  ...[1000, 10_000, 100_000].flatMap(files =>
    ['imported', 'native'].flatMap(kind =>
      ['whole', 'staged', 'selective'].map(way => footers(`${kind}-${way}`, files)),
    ),
  ),
  ...storedBenchmarks(),
  guard('plan-warm-delta', 100_000),
  guard('plan-cold-delta', 100_000),
  guard('plan-cold-iceberg', 20_000),
  guard('sign', 10_000),
  ...[1, 10, 100].map(queryHttp),
  suite(
    'recipient-sql',
    'Later queries of a process: three columns of one day, 20 of 1,000 files.',
  ),
  suite(
    'tpch',
    'All 22 queries, once each, through a share of a server on the same cores; every answer is the one of the generator.',
  ),
  { name: 'start/version', question: 'start-version', files: 0, smoke: true, peers: [bareNode] },
  { name: 'start/ls', question: 'start-ls', files: 0, smoke: true, peers: [] },
  { name: 'start/query', question: 'start-query', files: 0, smoke: true, peers: [] },
  { name: 'sign/s3/10k', question: 'sign', files: 10_000, smoke: true, peers: [awsSdk] },
]
