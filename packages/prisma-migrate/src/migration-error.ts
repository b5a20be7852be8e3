/** Migrations could not be read, applied or compared. `cause` has the database's or the engine's own error. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}
