export { type ApplyMigrationsOptions, applyMigrations, type MigrationLog } from './apply-migrations.js';
export { type DiffMigrationOptions, diffMigration } from './diff-migration.js';
export { MigrationError } from './migration-error.js';
