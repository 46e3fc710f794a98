import { findSkillFile, pickleByName } from '@spillway/assets'
import type { AssetKind } from '@spillway/core'
import type { WireAssetFile } from '@spillway/protocol/wire'

/** Files of which a part tells what is in an asset. */
export interface PickedFiles {
  readonly mlModel: WireAssetFile | undefined
  readonly skill: WireAssetFile | undefined
  readonly signature: WireAssetFile | undefined
  readonly indexes: readonly WireAssetFile[]
  readonly weights: readonly WireAssetFile[]
  /** What may be pickled, by its name or for want of one that says otherwise. */
  readonly pickles: readonly WireAssetFile[]
  /** What is usually pickled and is beyond the bound: told by its name alone. */
  readonly pickledByName: readonly WireAssetFile[]
  readonly notLookedAt: number
}

const ML_MODEL = 'MLmodel'
const SIGNATURE = 'model.sig'

const WEIGHTS = /\.safetensors$/i
const INDEX = /\.safetensors\.index\.json$/i
/** Names of texts and tables, which nobody unpickles. */
const PLAIN =
  /\.(?:avro|bmp|c|cpp|css|csv|cu|docx?|gguf|gif|go|h|html?|ini|ipynb|java|jinja2?|jpe?g|js|jsonl?|lock|log|md|mjs|mp[34]|onnx|orc|parquet|pdf|png|pptx?|proto|py|r|rst|rs|sh|sig|sql|svg|tiktoken|tiff?|toml|ts|tsv|txt|wav|webp|xml|ya?ml)$/i
const PLAIN_NAMES = new Set([
  ML_MODEL,
  'Dockerfile',
  'LICENSE',
  'NOTICE',
  'README',
  '.gitattributes',
  '.gitignore',
])

/** What is looked into, at most `maxFiles`: what tells most first. */
export function pickFiles(
  files: readonly WireAssetFile[],
  { kind, maxFiles }: { readonly kind: AssetKind; readonly maxFiles: number },
): PickedFiles {
  const skillPath = kind === 'skill' ? findSkillFile(files.map(({ path }) => path)) : undefined
  const named = (wanted: string | undefined) => files.find(({ path }) => path === wanted)
  const single = [named(ML_MODEL), named(skillPath), named(SIGNATURE)]
  const indexes = files.filter(({ path }) => INDEX.test(path))
  const weights = files.filter(({ path }) => WEIGHTS.test(path))
  const pickles = files.filter(({ path }) => pickleByName(path) !== undefined)
  // Of a model whatever its name does not explain may be one; a volume holds anything.
  const unnamed = kind === 'model' ? files.filter(file => isUnexplained(file)) : []
  const bound = new Bound(maxFiles)
  const [mlModel, skill, signature] = single.map(file => bound.take(file && [file])[0])
  const taken = {
    indexes: bound.take(indexes),
    weights: bound.take(weights),
    pickles: bound.take(pickles),
    unnamed: bound.take(unnamed),
  }
  return {
    mlModel,
    skill,
    signature,
    indexes: taken.indexes,
    weights: taken.weights,
    pickles: [...taken.pickles, ...taken.unnamed],
    pickledByName: pickles.slice(taken.pickles.length),
    notLookedAt: bound.refused,
  }
}

function isUnexplained({ path, size }: WireAssetFile): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (size === 0 || PLAIN_NAMES.has(name) || PLAIN.test(name) || WEIGHTS.test(name)) return false
  return pickleByName(path) === undefined
}

/** Takes as many as are left. */
class Bound {
  refused = 0
  #left: number

  constructor(files: number) {
    this.#left = files
  }

  take(files: readonly WireAssetFile[] = []): readonly WireAssetFile[] {
    const taken = files.slice(0, this.#left)
    this.#left -= taken.length
    this.refused += files.length - taken.length
    return taken
  }
}
