import type { JsonObject } from '../json/parse-json.js'

/** The folder that an asset lies in: a volume, a skill, or one version of a model. */
export interface AssetFolder {
  /** Tells assets apart that lie in one folder. */
  readonly id: string
  readonly location: string
  /** A folder around it that links lead out of as little: it was found there, and whoever writes there made it. */
  readonly within?: string | undefined
}

export interface AssetFile {
  /** Relative to the folder, with slashes, as its store has it: whoever writes it to a disk looks at it first. */
  readonly path: string
  readonly size: number
  /** Epoch milliseconds. */
  readonly lastModified: number
  /** Strong: equal ones are equal bytes. With quotes, as in HTTP. */
  readonly etag?: string | undefined
  /** Lower-case hexadecimal, of the whole file. */
  readonly sha256?: string | undefined
  /** What the name says of its kind, as in HTTP; nobody looks into the file for it. */
  readonly mediaType?: string | undefined
}

/** A part of one listing: all its pages are of the moment when the listing was made. */
export interface AssetFilePage {
  /** Names the listing: equal ones list equal files. */
  readonly snapshotId: string
  readonly files: readonly AssetFile[]
  /** `after` of the next page; absent on the last. */
  readonly next?: number | undefined
}

export interface SignedAssetFile extends AssetFile {
  readonly url: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** What somebody got of a file whose digest is stated otherwise. */
export interface FileMismatch {
  /** As it is listed. */
  readonly path: string
  /** Of the listing that stated the digest. */
  readonly etag?: string | undefined
  /** Lower-case hexadecimal, of the bytes that came. */
  readonly sha256: string
}

/** What a skill says of itself, in words that agentskills.io allows. */
export interface SkillFacts {
  readonly description: string
  readonly license?: string | undefined
  readonly compatibility?: string | undefined
  /** Tools that the skill asks for, spaces between. Nobody has allowed them. */
  readonly allowedTools?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** Lower-case hexadecimal SHA-256 of the file that says it. */
  readonly sha256: string
  /** All of the front matter as JSON has it, keys that are unknown too. */
  readonly frontMatter: JsonObject
}

/** A file of a skill with the digest of its bytes. */
export interface SkillFile {
  readonly path: string
  readonly size: number
  /** Lower-case hexadecimal, of the whole file. */
  readonly sha256: string
}

/** All of a skill at one moment, as agents are told of it. */
export interface SkillContents {
  readonly facts: SkillFacts
  /** Every file, `SKILL.md` among them, in byte order of their paths. */
  readonly files: readonly SkillFile[]
  /** The skill as one thing to fetch: its `SKILL.md` where there is nothing else, else a `.tar.gz` of all files. */
  readonly artifact: {
    readonly type: 'skill-md' | 'archive'
    readonly size: number
    /** Lower-case hexadecimal. */
    readonly sha256: string
  }
}

/** Lists and signs the files of folders that are shared as they are, and reads nothing outside them. */
export interface AssetFiles {
  /**
   * Files in byte order of their paths. A page that goes on names its listing: `CONFLICT` where that is not kept any more
   * and the folder holds other files by now.
   */
  list(
    folder: AssetFolder,
    page: {
      readonly maxResults: number
      readonly prefix?: string | undefined
      readonly from?: { readonly snapshotId: string; readonly after: number } | undefined
      /** Who asks: nobody makes more than a few listings at a time. */
      readonly asker?: string | undefined
      readonly signal?: AbortSignal | undefined
    },
  ): Promise<AssetFilePage>
  /** URLs of files that are there now, in the order of `paths`; `NOT_FOUND` names the first that is not. */
  sign(
    folder: AssetFolder,
    paths: readonly string[],
    options: {
      readonly expiresInSeconds: number
      readonly audience?: string | undefined
      readonly signal?: AbortSignal | undefined
    },
  ): Promise<readonly SignedAssetFile[]>
  /**
   * What the `SKILL.md` in the folder says now; `name` is what the skill is shared as. Throws where there is none, or one that
   * agentskills.io does not allow.
   */
  readSkill(folder: AssetFolder, name: string, signal?: AbortSignal): Promise<SkillFacts>
  /**
   * Somebody got other bytes than their digest says. True where the file is read again for it, which happens later, and to no
   * file without end; nothing is believed of what was said. Absent where no digests are made.
   */
  doubt?(folder: AssetFolder, mismatch: FileMismatch): boolean
  /**
   * The whole skill, with digests: read once for each state of its folder. As `readSkill` throws, and `UNSUPPORTED_FEATURE` for
   * one that has more files or bytes than agents take.
   */
  skillContents(folder: AssetFolder, name: string, signal?: AbortSignal): Promise<SkillContents>
  /** The bytes of what `artifact` says. Throws `CONFLICT` where they would be others by now. */
  skillArtifact(
    folder: AssetFolder,
    contents: SkillContents,
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array>
  /** A file whole; `NOT_FOUND` where it is not there, `UNSUPPORTED_FEATURE` above `maxBytes`. */
  readFile(
    folder: AssetFolder,
    path: string,
    options: { readonly maxBytes: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array>
}
