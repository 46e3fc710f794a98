import { createReadStream } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreUse } from '../report/prices.js'
import { escapeXml } from '../report/svg.js'
import { listing } from './listing.js'
import { BUCKET, folderObjects, type ObjectFacts, type Objects } from './objects.js'
import { type Climate, fateOf } from './weather.js'

/** Bytes that are sent before their time is looked at again. */
const PIECE = 256 * 1024

export interface SimulatedStore {
  readonly listener: RequestListener
  /** What was asked since it was last taken; refusals and waits begin anew with it, as for one who asks for the first time. */
  readonly take: () => StoreUse
}

type Counts = { -readonly [Kind in keyof StoreUse]: StoreUse[Kind] }

/** One bucket whose objects are the files of `root`, addressed in the path. Signatures are not looked at. */
export function simulatedStore(root: string, climate: Climate): SimulatedStore {
  const objects = folderObjects(root)
  const attempts = new Map<string, number>()
  const turns = turnsOf(climate.concurrency)
  let counts = noUse()
  const listener: RequestListener = async (request, response) => {
    const label = `${request.method} ${request.url} ${request.headers.range ?? ''}`
    const attempt = attempts.get(label) ?? 0
    attempts.set(label, attempt + 1)
    const fate = fateOf(climate, label, attempt)
    const leave = await turns()
    try {
      await sleep(fate.waitMs)
      if (fate.isRefused) {
        counts.throttled++
        response.setHeader('Retry-After', '0')
        refuse(response, 503, 'SlowDown', 'Please reduce your request rate.')
      } else await answer({ objects, climate, counts }, request, response)
    } catch (error) {
      if (response.headersSent) response.destroy()
      else refuse(response, 500, 'InternalError', String(error))
    } finally {
      leave()
    }
  }
  const take = () => {
    const taken = counts
    counts = noUse()
    attempts.clear()
    return taken
  }
  return { listener, take }
}

interface Service {
  readonly objects: Objects
  readonly climate: Climate
  readonly counts: Counts
}

async function answer(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://store')
  const [bucket = '', ...rest] = pathname.slice(1).split('/').map(decodeURIComponent)
  const key = rest.join('/')
  const { method } = request
  if (bucket !== BUCKET) {
    refuse(response, 404, 'NoSuchBucket', `The one bucket is ${BUCKET}.`)
    return
  }
  if (method === 'GET' && key === '') {
    service.counts.list++
    const xml = await listing(service.objects, bucket, query, service.climate.pageSize)
    response.writeHead(200, { 'Content-Type': 'application/xml' })
    await send(service, response, [Buffer.from(xml)])
    return
  }
  if (method !== 'GET' && method !== 'HEAD') {
    service.counts.put++
    refuse(response, 501, 'NotImplemented', 'This store is there to be read.')
    return
  }
  if (method === 'GET') service.counts.get++
  else service.counts.head++
  const found = key === '' ? undefined : await service.objects.find(key)
  if (found === undefined) refuse(response, 404, 'NoSuchKey', 'The specified key does not exist.')
  else await sendObject(service, request, response, found)
}

async function sendObject(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
  { key, size, etag, modified }: ObjectFacts,
): Promise<void> {
  const { range, 'if-match': match, 'if-none-match': noneMatch } = request.headers
  const headers = { ETag: etag, 'Last-Modified': modified.toUTCString(), 'Accept-Ranges': 'bytes' }
  if (match !== undefined && match !== etag) {
    refuse(response, 412, 'PreconditionFailed', 'If-Match names another ETag.')
    return
  }
  if (noneMatch === etag) {
    response.writeHead(304, headers).end()
    return
  }
  const part = range === undefined ? { start: 0, end: size } : partOf(range, size)
  if (part === undefined) {
    refuse(response, 416, 'InvalidRange', 'The requested range is not satisfiable')
    return
  }
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    'Content-Type': 'binary/octet-stream',
    'Content-Length': part.end - part.start,
    ...(range !== undefined && { 'Content-Range': `bytes ${part.start}-${part.end - 1}/${size}` }),
  })
  if (request.method === 'HEAD' || part.start === part.end) {
    response.end()
    return
  }
  const ends = { start: part.start, end: part.end - 1, highWaterMark: PIECE }
  await send(service, response, createReadStream(service.objects.pathOf(key), ends))
}

/** `bytes=1-2`, `bytes=1-` or `bytes=-2`, clipped to the object; undefined where none of it lies there. */
function partOf(
  range: string,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) {
    return { start: 0, end: size }
  }
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  return start < end ? { start, end } : undefined
}

/** Sends no faster than one connection is. */
async function send(
  { climate, counts }: Service,
  response: ServerResponse,
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<void> {
  const began = performance.now()
  let sent = 0
  for await (const piece of pieces) {
    if (response.destroyed) return
    sent += piece.length
    counts.bytes += piece.length
    const isFull = !response.write(piece)
    const dueMs = (sent / climate.bytesPerSecond) * 1000 - (performance.now() - began)
    if (dueMs > 1) await sleep(dueMs)
    else if (isFull) await new Promise<void>(resolve => onceWritable(response, resolve))
  }
  response.end()
}

function onceWritable(response: ServerResponse, next: () => void): void {
  const go = () => {
    response.off('drain', go).off('close', go)
    next()
  }
  response.on('drain', go).on('close', go)
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'Content-Type': 'application/xml' })
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`,
  )
}

/** Gives turns in the order of asking, `most` at once; what it gives ends a turn. */
function turnsOf(most: number): () => Promise<() => void> {
  const waiting: (() => void)[] = []
  let free = most
  const leave = () => {
    const next = waiting.shift()
    if (next === undefined) free++
    else next()
  }
  return async () => {
    if (free > 0) free--
    else await new Promise<void>(resolve => waiting.push(resolve))
    return leave
  }
}

function noUse(): Counts {
  return { get: 0, head: 0, list: 0, put: 0, throttled: 0, bytes: 0 }
}
