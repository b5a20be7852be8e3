-- AlterTable
ALTER TABLE "credential_models" ADD COLUMN     "probe_until" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "credentials" ADD COLUMN     "changed_in" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "checked_at" TIMESTAMPTZ(3),
ADD COLUMN     "disabled_message" TEXT,
ADD COLUMN     "listed_models" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "next_call_at" TIMESTAMPTZ(3),
ADD COLUMN     "next_check_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "requests_per_second" INTEGER NOT NULL DEFAULT 0;

-- CreateIndex
CREATE INDEX "credentials_changed_in_idx" ON "credentials"("changed_in");

-- CreateIndex
CREATE INDEX "credentials_next_check_at_idx" ON "credentials"("next_check_at");

-- Whoever writes, also by hand: a row tells in which transaction it changed, so that processes that keep the
-- credentials in memory find what is new. Columns that change with every call are left out.
CREATE FUNCTION "note_credential_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_in := pg_current_xact_id()::text::bigint;
  RETURN NEW;
END $$;

CREATE TRIGGER "note_change" BEFORE INSERT OR UPDATE OF "secret_encrypted", "base_url", "priority", "max_concurrency",
  "requests_per_second", "enabled", "listed_models" ON "credentials"
  FOR EACH ROW EXECUTE FUNCTION "note_credential_change"();

CREATE FUNCTION "note_credential_model_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format(
    'UPDATE %I.credentials SET changed_in = pg_current_xact_id()::text::bigint WHERE id = $1', TG_TABLE_SCHEMA)
    USING coalesce(NEW.credential_id, OLD.credential_id);
  RETURN NULL;
END $$;

CREATE TRIGGER "note_change" AFTER INSERT OR UPDATE OR DELETE ON "credential_models"
  FOR EACH ROW EXECUTE FUNCTION "note_credential_model_change"();
