-- AlterTable
ALTER TABLE "credentials" ADD COLUMN     "proxy_login_encrypted" BYTEA,
ADD COLUMN     "proxy_url" TEXT;

DROP TRIGGER "note_change" ON "credentials";
CREATE TRIGGER "note_change" BEFORE INSERT OR UPDATE OF "secret_encrypted", "base_url", "proxy_url",
  "proxy_login_encrypted", "priority", "max_concurrency", "requests_per_second", "enabled", "listed_models",
  "budget_exhausted_in" ON "credentials"
  FOR EACH ROW EXECUTE FUNCTION "note_credential_change"();
