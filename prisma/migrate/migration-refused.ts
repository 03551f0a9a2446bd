/** The operator must do something first. The message says what. */
export class MigrationRefused extends Error {
  override name = "MigrationRefused";
}
