import { type AvroWriter, avroFile } from '../encodings/avro-writer.js'
import type { HudiColumnStats } from './hudi-metadata.js'

/** A base or log file that a commit writes. */
export interface HudiFile {
  /** Relative to the table, `''` for its own folder. */
  readonly partition: string
  readonly name: string
  readonly fileId: string
  readonly size: number
  /** Absent: the file is listed and does not exist. */
  readonly bytes?: Uint8Array
  /** Absent: nothing is in the index about it. */
  readonly stats?: readonly HudiColumnStats[] | undefined
}

/** A completed write, by the instants of its name on the timeline. */
export interface HudiCommit {
  readonly begin: string
  readonly completion: string
  readonly action: 'commit' | 'deltacommit' | 'replacecommit'
  readonly files: readonly HudiFile[]
  /** File ids that the commit replaces, by partition. */
  readonly replaced?: Readonly<Record<string, readonly string[]>>
}

const nullable = (type: unknown) => ['null', type]
const stringMap = { type: 'map', values: 'string' }

/** As much of HoodieWriteStat as readers look at. */
const WRITE_STAT = {
  type: 'record',
  name: 'HoodieWriteStat',
  fields: [
    { name: 'fileId', type: nullable('string') },
    { name: 'path', type: nullable('string') },
    { name: 'prevCommit', type: nullable('string') },
    { name: 'numWrites', type: nullable('long') },
    { name: 'partitionPath', type: nullable('string') },
    { name: 'fileSizeInBytes', type: nullable('long') },
    { name: 'logFiles', type: nullable({ type: 'array', items: 'string' }) },
  ],
}

function schemaOf(isReplace: boolean): object {
  const writes = { type: 'map', values: { type: 'array', items: WRITE_STAT } }
  const replaced = { type: 'map', values: { type: 'array', items: 'string' } }
  return {
    type: 'record',
    name: isReplace ? 'HoodieReplaceCommitMetadata' : 'HoodieCommitMetadata',
    namespace: 'org.apache.hudi.avro.model',
    fields: [
      { name: 'partitionToWriteStats', type: nullable(writes) },
      { name: 'extraMetadata', type: nullable(stringMap) },
      { name: 'operationType', type: nullable('string') },
      ...(isReplace ? [{ name: 'partitionToReplaceFileIds', type: nullable(replaced) }] : []),
    ],
  }
}

/** Body of a completed commit of timeline layout 2: an Avro file of one record. */
export function hudiCommitBytes(commit: HudiCommit, schema: string): Uint8Array {
  const isReplace = commit.action === 'replacecommit'
  return avroFile({ schema: schemaOf(isReplace) }, [commit], (out, { files, replaced }) => {
    const partitions = new Map<string, HudiFile[]>()
    for (const file of files) {
      const known = partitions.get(file.partition)
      if (known === undefined) partitions.set(file.partition, [file])
      else known.push(file)
    }
    out.long(1).array([...partitions], ([partition, list]) => {
      out.bytes(partition).array(list, file => writeStat(out, file))
    })
    out.long(1).array([['schema', schema]] as const, ([key, value]) => {
      out.bytes(key).bytes(value)
    })
    out.long(1).bytes('UPSERT')
    if (!isReplace) return
    out.long(1).array(Object.entries(replaced ?? {}), ([partition, ids]) => {
      out.bytes(partition).array(ids, id => out.bytes(id))
    })
  })
}

function writeStat(out: AvroWriter, { partition, name, fileId, size }: HudiFile): void {
  out.long(1).bytes(fileId)
  out.long(1).bytes(partition === '' ? name : `${partition}/${name}`)
  out.long(0).long(1).long(1).long(1).bytes(partition).long(1).long(size)
  if (name.startsWith('.')) out.long(1).array([name], log => out.bytes(log))
  else out.long(0)
}
