import { Worker } from 'node:worker_threads'

/**
 * What the thread runs, as text: it needs no file of its own, which a bundler would have to find. It reads by the numbers of
 * files that are open in this process.
 */
const CODE = `
const { parentPort } = require('node:worker_threads')
const { createHash } = require('node:crypto')
const { readSync } = require('node:fs')
const hashes = new Map()
const buffer = Buffer.allocUnsafe(1024 * 1024)
function answer({ file, fd, from, to }) {
  if (fd === undefined) {
    const hash = hashes.get(file)
    hashes.delete(file)
    return hash?.digest('hex')
  }
  if (from === 0) hashes.set(file, createHash('sha256'))
  const hash = hashes.get(file)
  while (from < to) {
    const read = readSync(fd, buffer, 0, Math.min(buffer.length, to - from), from)
    if (read === 0) throw new Error('the unfinished file was cut by somebody else')
    hash.update(buffer.subarray(0, read))
    from += read
  }
}
parentPort.on('message', ({ call, ...asked }) => {
  try {
    parentPort.postMessage({ call, value: answer(asked) })
  } catch (error) {
    parentPort.postMessage({ call, failure: error })
  }
})
`

interface Asked {
  readonly file: number
  readonly fd?: number
  readonly from?: number
  readonly to?: number
}

interface Answer {
  readonly call: number
  readonly value?: string
  readonly failure?: Error
}

/** Digests large files on a thread of its own, so that the one that receives bytes goes on receiving. */
export class HashWorker {
  #worker: Worker | undefined
  #last = 0
  readonly #waiting = new Map<
    number,
    {
      readonly resolve: (value: string | undefined) => void
      readonly reject: (error: Error) => void
    }
  >()

  /** A number for a file. */
  newFile(): number {
    return ++this.#last
  }

  /** Bytes of the open file `fd`, behind those that were digested before; `from` 0 begins anew. */
  async update(
    file: number,
    fd: number,
    span: { readonly from: number; readonly to: number },
  ): Promise<void> {
    await this.#ask({ file, fd, ...span })
  }

  /** In lower-case hexadecimal, and forgotten. */
  digest(file: number): Promise<string | undefined> {
    return this.#ask({ file })
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #ask(asked: Asked): Promise<string | undefined> {
    this.#worker ??= this.#start()
    const call = ++this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject })
      // It keeps the process for as long as somebody waits, and no longer.
      this.#worker!.ref()
      this.#worker!.postMessage({ call, ...asked })
    })
  }

  #start(): Worker {
    // Options of this process, such as loaders, are none of a script that imports nothing.
    const worker = new Worker(CODE, { eval: true, execArgv: [] })
    worker.on('message', ({ call, value, failure }: Answer) => {
      const waiting = this.#waiting.get(call)
      this.#waiting.delete(call)
      if (this.#waiting.size === 0) worker.unref()
      if (failure === undefined) waiting?.resolve(value)
      else waiting?.reject(failure)
    })
    worker.on('error', error => this.#fail(error))
    worker.on('exit', () => this.#fail(new Error('the thread that digests files has ended')))
    return worker
  }

  #fail(error: Error): void {
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
