/** Something an operator has to do first; the message says what. */
export class MigrationRefused extends Error {
  override name = "MigrationRefused";
}
