import { type SigningOptions, TableError, type UrlSigner } from '@spillway/core'

/** For one batch of paths, or one file: a call or two to whoever signs. */
export const SIGNING_SECONDS = 60

/**
 * The same signer, waited for no longer than `seconds`: an answer that has begun has no other limit, and would stand still for
 * ever with one that never answers. Whoever leaves ends the wait as well.
 */
export function timelySigner(signer: UrlSigner, seconds = SIGNING_SECONDS): UrlSigner {
  const { signViews } = signer
  return {
    covers: path => signer.covers(path),
    sign: (paths, options) => inTime(own => signer.sign(paths, own), options, seconds),
    ...(signViews && {
      signViews: (views, options) =>
        inTime(own => signViews.call(signer, views, own), options, seconds),
    }),
  }
}

async function inTime<Result>(
  sign: (options: SigningOptions) => Promise<Result>,
  options: SigningOptions,
  seconds: number,
): Promise<Result> {
  const { signal } = options
  const ended = new AbortController()
  let leave: () => void = () => undefined
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    const end = (reason: TableError) => {
      reject(reason)
      ended.abort(reason)
    }
    leave = () => end(new TableError('CANCELLED', 'the request was cancelled'))
    timer = setTimeout(() => end(late(seconds)), seconds * 1000).unref()
  })
  signal?.addEventListener('abort', leave, { once: true })
  if (signal?.aborted) leave()
  try {
    return await Promise.race([sign({ ...options, signal: ended.signal }), over])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', leave)
  }
}

function late(seconds: number): TableError {
  return new TableError(
    'STORAGE_UNAVAILABLE',
    `whoever signs URLs did not answer within ${seconds} seconds`,
  )
}
