import type { ClientRequest, IncomingMessage } from 'node:http'
import type { BytesAnswer, BytesReader, BytesRequest, FetchBytes } from './bytes-answer.js'

/** Chunks of an answer that nobody has taken, before its connection is read no more. */
const AHEAD = 4

/**
 * Gets files by Node's own HTTP, for `fetchFiles` of a client: what comes is not copied and goes through no web stream, which takes
 * less of the processor where gigabytes are fetched. What is set for `fetch` alone, as by undici's `setGlobalDispatcher`,
 * is not heeded. Node's own agents keep connections for the next request, for some seconds.
 */
export function nodeFetchFiles(): FetchBytes {
  // Loaded with the first file: most clients list and query.
  let sending: Promise<Send> | undefined
  return async (url, request) => {
    sending ??= openSending()
    const send = await sending
    try {
      return await asked(send, url, request)
    } catch (error) {
      // Its connection was kept from before, and closed by the other side when it was asked.
      if (!(error instanceof ClosedBefore)) throw error
      return asked(send, url, request)
    }
  }
}

type Send = (
  url: string,
  request: BytesRequest,
  answered: (response: IncomingMessage) => void,
) => ClientRequest

async function openSending(): Promise<Send> {
  const [http, https] = await Promise.all([import('node:http'), import('node:https')])
  return (url, request, answered) =>
    new URL(url).protocol === 'https:'
      ? https.get(url, optionsOf(request), answered)
      : http.get(url, optionsOf(request), answered)
}

function optionsOf({ headers, signal }: BytesRequest) {
  return { headers: { ...headers }, ...(signal && { signal }) }
}

class ClosedBefore extends Error {}

function asked(send: Send, url: string, options: BytesRequest): Promise<BytesAnswer> {
  return new Promise((resolve, reject) => {
    const request = send(url, options, response => resolve(answerOf(response)))
    request.on('error', (error: NodeJS.ErrnoException) => {
      const wasKept = request.reusedSocket && error.code === 'ECONNRESET'
      reject(wasKept ? new ClosedBefore('', { cause: error }) : error)
    })
    // Of an answer that is none, such as one of another protocol, nothing else is told.
    request.on('close', () => reject(new Error('the connection was closed without an answer')))
  })
}

function answerOf(response: IncomingMessage): BytesAnswer {
  const headers = new Headers()
  const { rawHeaders } = response
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
  }
  const reader = readerOf(response)
  const { cancel } = reader
  const body = {
    getReader() {
      reader.begin()
      return reader
    },
    cancel,
  }
  return { status: response.statusCode ?? 0, type: 'basic', headers, body }
}

type Chunk = Awaited<ReturnType<BytesReader['read']>>

function readerOf(response: IncomingMessage): BytesReader & { begin(): void } {
  const chunks: Buffer[] = []
  let ended: { readonly error?: Error } | undefined
  let waiting: { resolve(chunk: Chunk): void; reject(error: Error): void } | undefined
  const end = (error?: Error) => {
    ended ??= error === undefined ? {} : { error }
    if (waiting === undefined) return
    const { resolve, reject } = waiting
    waiting = undefined
    if (ended.error === undefined) resolve({ done: true })
    else reject(ended.error)
  }
  const take = (chunk: Buffer) => {
    if (waiting !== undefined) {
      const { resolve } = waiting
      waiting = undefined
      resolve({ done: false, value: chunk })
    } else if (chunks.push(chunk) >= AHEAD) {
      response.pause()
    }
  }
  // A connection may break before anybody reads.
  response.on('end', () => end())
  response.on('error', error => end(error))
  response.on('close', () => end(new Error('the connection was closed')))
  return {
    begin: () => void response.on('data', take),
    read() {
      const value = chunks.shift()
      if (chunks.length === 0 && response.isPaused()) response.resume()
      if (value !== undefined) return Promise.resolve({ done: false, value })
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        if (ended !== undefined) end()
      })
    },
    cancel: async () => void response.destroy(),
  }
}
