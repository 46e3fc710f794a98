import { TableError } from '@spillway/core'
import { parseUri } from '../objects/uri.js'
import { hasDotSegments } from '../signing/encode-path.js'

/** What an AWS session may do, as IAM reads it. */
export interface SessionPolicy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly PolicyStatement[]
}

export interface PolicyStatement {
  readonly Effect: 'Allow'
  readonly Action: string
  readonly Resource: string
  readonly Condition?: { readonly StringLike: { readonly 's3:prefix': readonly string[] } }
}

const PARTITIONS: readonly (readonly [regionStart: string, partition: string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
  ['eusc-', 'aws-eusc'],
]

/**
 * Reading the objects below one folder and, unless `listing` is off, their names; nothing else. The folder's slash is
 * part of both: without it a table's neighbours whose names begin alike would be listed too.
 */
export function sessionPolicy(
  location: string,
  options: { region: string; listing: boolean },
): SessionPolicy {
  const { bucket, folder } = folderOf(location)
  const partition = PARTITIONS.find(([start]) => options.region.startsWith(start))?.[1] ?? 'aws'
  const bucketArn = `arn:${partition}:s3:::${bucket}`
  const names = literally(folder)
  const read: PolicyStatement = {
    Effect: 'Allow',
    Action: 's3:GetObject',
    Resource: `${bucketArn}/${names}*`,
  }
  const list: PolicyStatement = {
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: bucketArn,
    Condition: { StringLike: { 's3:prefix': [`${names}*`] } },
  }
  return { Version: '2012-10-17', Statement: options.listing ? [read, list] : [read] }
}

/** IAM reads *, ? and $ in a key as patterns unless they are written as variables. */
function literally(key: string): string {
  return key.replace(/[*?$]/g, mark => `\${${mark}}`)
}

function folderOf(location: string): { bucket: string; folder: string } {
  const { scheme, authority, key } = parseUri(location)
  if (scheme !== 's3' || hasDotSegments(key)) {
    throw new TableError('UNSUPPORTED_FEATURE', 'credentials are made for folders of S3 buckets', {
      context: { path: location },
    })
  }
  return { bucket: authority, folder: key === '' || key.endsWith('/') ? key : `${key}/` }
}
