import type { FileFormat } from '@spillway/core'

/** `[fileId]_[writeToken]_[instant].[extension]` */
export interface BaseFileName {
  readonly kind: 'base'
  readonly fileId: string
  readonly instant: string
  readonly format: FileFormat
}

/** `.[fileId]_[instant].log.[version]_[writeToken]` */
export interface LogFileName {
  readonly kind: 'log'
  readonly fileId: string
  /** Version 6: base instant of the slice. Version 8 and on: the delta commit that wrote it. */
  readonly instant: string
  readonly version: number
  readonly writeToken: string
}

const FORMATS: Readonly<Record<string, FileFormat>> = {
  parquet: 'parquet',
  orc: 'orc',
  hfile: 'hfile',
  lance: 'lance',
}

// The file id may hold underscores: it ends where a token and an instant, which cannot, begin.
const BASE = /^([^.].*)_(\d+-\d+-\d+)_(\d{14}|\d{17}|\d{20})\.(parquet|orc|hfile|lance)$/
const LOG = /^\.(.+)_(\d{14}|\d{17}|\d{20})\.log\.(\d+)(?:_(\d+-\d+-\d+))?$/

/** What a file of a partition is; undefined for change-data logs, markers and anything that is not Hudi's. */
export function parseFileName(name: string): BaseFileName | LogFileName | undefined {
  if (name.startsWith('.')) {
    const log = LOG.exec(name)
    if (log === null) return undefined
    const [, fileId, instant, version, writeToken] = log
    return {
      kind: 'log',
      fileId: fileId!,
      instant: instant!,
      version: Number(version),
      writeToken: writeToken ?? '',
    }
  }
  const base = BASE.exec(name)
  if (base === null) return undefined
  return { kind: 'base', fileId: base[1]!, instant: base[3]!, format: FORMATS[base[4]!]! }
}

/** True for a data file that another tool registered under its own name: Hudi 1.x marks it so. */
export function isExternalFile(name: string): boolean {
  return name.endsWith('_hudiext')
}

/** True for the path of a log file: their names start with a dot. */
export function isLog(path: string): boolean {
  return path[path.lastIndexOf('/') + 1] === '.'
}

/** Path of a file of the table at `root`; the partition '' is the table's own folder. */
export function filePath(root: string, partition: string, name: string): string {
  return partition === '' ? `${root}/${name}` : `${root}/${partition}/${name}`
}
