export {
  type S3CredentialVendorOptions,
  type ScopedS3Credentials,
  s3CredentialVendor,
  scopedCredentialVendor,
} from './credential-vendor.js'
export { openS3Folder, type S3FolderAccess } from './open-folder.js'
export type { S3CredentialSource, S3Credentials, S3Options } from './options.js'
export { type PolicyStatement, type SessionPolicy, sessionPolicy } from './session-policy.js'
export { type S3SignerOptions, s3Signer } from './signer.js'
export { type PresignInput, presigner, signingKeyOf } from './sigv4.js'
export { type S3Store, type S3StoreOptions, s3Store } from './store.js'
