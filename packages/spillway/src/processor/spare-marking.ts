import { setV8Flag } from './v8-flags.js'

/**
 * Files come in chunks that lie outside of V8's heap, and with every 64 MiB of them it begins to look through the whole heap, which
 * is small and holds no more than before. Its helper threads take a quarter of a download's processor for that, and find nothing
 * that the thread would not find by itself.
 */
export function spareMarking(): void {
  setV8Flag('--no-concurrent-marking')
}
