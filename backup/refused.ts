/** The command did nothing, or only part of its work. The message is a sentence for the operator, without a secret. */
export class BackupRefused extends Error {
  override name = "BackupRefused";
}
