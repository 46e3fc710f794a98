export {
  type CertificateOptions,
  verifyByCertificate,
  verifyByKey,
} from './verification/verify-signature.js'
