/** Schemes of one store each (Hadoop's connectors), and the letters that say one is encrypted on its way. */
const ALIASES: Readonly<Record<string, string>> = {
  s3a: 's3',
  s3n: 's3',
  wasb: 'abfs',
  wasbs: 'abfs',
  abfss: 'abfs',
  gcs: 'gs',
}

/** Schemes of file systems: a path without a scheme is one of the default file system, which is mostly one of these. */
const FILE_SYSTEMS = new Set(['', 'file', 'hdfs', 'viewfs', 'webhdfs'])

interface Place {
  readonly scheme: string
  readonly authority: string
  readonly path: string
}

/** True where two spellings mean one place: of schemes with several names, and of a file system with or without it. */
export function isSamePlace(a: string, b: string): boolean {
  const [one, other] = [placeOf(a), placeOf(b)]
  if (one.path !== other.path) return false
  if (one.scheme === other.scheme && one.authority === other.authority) return true
  const systems = FILE_SYSTEMS.has(one.scheme) && FILE_SYSTEMS.has(other.scheme)
  return systems && (one.authority === '' || other.authority === '')
}

/** One spelling for all that mean the same place whatever the default file system is. */
export function spelledPlace(path: string): string {
  const { scheme, authority, path: rest } = placeOf(path)
  return scheme === '' ? rest : `${scheme}://${authority}${rest}`
}

function placeOf(path: string): Place {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/]*))?(\/.*)$/s.exec(path)
  if (match === null) return { scheme: '', authority: '', path: singleSlashes(path) }
  const [, name, authority = '', rest] = match
  const scheme = name!.toLowerCase()
  return {
    scheme: scheme === 'file' ? '' : (ALIASES[scheme] ?? scheme),
    authority: scheme === 'file' ? '' : authority.replace(/\.(?:blob|dfs)\.(?=core\.)/, '.'),
    path: singleSlashes(rest!),
  }
}

function singleSlashes(path: string): string {
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path
}
