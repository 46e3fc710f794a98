import { escapeXml } from '../report/svg.js'
import { lowerBound, type Objects } from './objects.js'

/** A page of ListObjectsV2. Continuation tokens are the key or common prefix that the page before it ended with. */
export async function listing(
  objects: Objects,
  bucket: string,
  query: URLSearchParams,
  pageSize: number,
): Promise<string> {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const after = query.get('continuation-token') ?? query.get('start-after') ?? ''
  const most = Math.min(pageSize, Number(query.get('max-keys') ?? pageSize))
  const keys = await objects.under(prefix)
  const isFolder = delimiter !== '' && after.endsWith(delimiter)
  let at = after === '' ? 0 : lowerBound(keys, isFolder ? `${after}\u007f` : `${after}\u0000`)
  const contents: string[] = []
  const folders: string[] = []
  let last = ''
  while (at < keys.length && contents.length + folders.length < most) {
    const key = keys[at]!
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    if (cut < 0) {
      contents.push(key)
      last = key
      at++
    } else {
      last = key.slice(0, cut + delimiter.length)
      folders.push(last)
      at = lowerBound(keys, `${last}\u007f`)
    }
  }
  const isTruncated = at < keys.length
  const name = query.get('encoding-type') === 'url' ? encodeURIComponent : escapeXml
  const found = await Promise.all(contents.map(key => objects.find(key)))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    `<Name>${bucket}</Name><Prefix>${name(prefix)}</Prefix>`,
    ...(delimiter === '' ? [] : [`<Delimiter>${name(delimiter)}</Delimiter>`]),
    ...(query.get('encoding-type') === 'url' ? ['<EncodingType>url</EncodingType>'] : []),
    `<KeyCount>${contents.length + folders.length}</KeyCount><MaxKeys>${most}</MaxKeys>`,
    `<IsTruncated>${isTruncated}</IsTruncated>`,
    ...(isTruncated ? [`<NextContinuationToken>${escapeXml(last)}</NextContinuationToken>`] : []),
    ...found.flatMap(each =>
      each === undefined
        ? []
        : [
            `<Contents><Key>${name(each.key)}</Key><LastModified>${each.modified.toISOString()}</LastModified>`,
            `<ETag>${escapeXml(each.etag)}</ETag><Size>${each.size}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
          ],
    ),
    ...folders.map(each => `<CommonPrefixes><Prefix>${name(each)}</Prefix></CommonPrefixes>`),
    '</ListBucketResult>',
  ].join('')
}
