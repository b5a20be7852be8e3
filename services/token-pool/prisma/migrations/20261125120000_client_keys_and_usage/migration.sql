-- AlterEnum
ALTER TYPE "disabled_reason" ADD VALUE 'admin';
ALTER TYPE "disabled_reason" ADD VALUE 'deleted';

-- AlterTable
ALTER TABLE "credentials" ADD COLUMN     "budget_exhausted_in" TEXT,
ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "monthly_budget_ticks" BIGINT;

-- CreateTable
CREATE TABLE "client_keys" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "last4" TEXT NOT NULL,
    "requests_per_minute" INTEGER,
    "max_concurrency" INTEGER,
    "models" TEXT[],
    "monthly_budget_ticks" BIGINT,
    "budget_exhausted_in" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "change" BIGINT NOT NULL,

    CONSTRAINT "client_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable: unlogged, as nothing in it is worth a wait for the disk.
CREATE UNLOGGED TABLE "request_windows" (
    "key_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "entries" JSONB NOT NULL,

    CONSTRAINT "request_windows_pkey" PRIMARY KEY ("key_id")
);

-- CreateTable: unlogged, as nothing in it is worth a wait for the disk.
CREATE UNLOGGED TABLE "request_slots" (
    "key_id" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "slots" INTEGER NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "request_slots_pkey" PRIMARY KEY ("key_id","holder")
);

-- CreateTable
CREATE TABLE "usage" (
    "day" DATE NOT NULL,
    "credential_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "requests" BIGINT NOT NULL DEFAULT 0,
    "prompt_tokens" BIGINT NOT NULL DEFAULT 0,
    "completion_tokens" BIGINT NOT NULL DEFAULT 0,
    "reasoning_tokens" BIGINT NOT NULL DEFAULT 0,
    "cached_tokens" BIGINT NOT NULL DEFAULT 0,
    "images" BIGINT NOT NULL DEFAULT 0,
    "video_seconds" BIGINT NOT NULL DEFAULT 0,
    "cost_ticks" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "usage_pkey" PRIMARY KEY ("day","owner","credential_id","model")
);

-- CreateTable
CREATE TABLE "usage_batches" (
    "id" UUID NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_batches_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "client_keys_secret_hash_key" ON "client_keys"("secret_hash");

-- CreateIndex
CREATE UNIQUE INDEX "client_keys_change_key" ON "client_keys"("change");

-- CreateIndex
CREATE INDEX "client_keys_created_at_id_idx" ON "client_keys"("created_at", "id");

-- CreateIndex
CREATE INDEX "usage_owner_day_idx" ON "usage"("owner", "day");

-- CreateIndex
CREATE INDEX "usage_credential_id_day_idx" ON "usage"("credential_id", "day");

-- CreateIndex
CREATE INDEX "usage_batches_recorded_at_idx" ON "usage_batches"("recorded_at");

-- CreateIndex
CREATE INDEX "credentials_created_at_id_idx" ON "credentials"("created_at", "id");

-- A budget that is used up changes a choice too.
DROP TRIGGER "note_change" ON "credentials";
CREATE TRIGGER "note_change" BEFORE INSERT OR UPDATE OF "secret_encrypted", "base_url", "priority", "max_concurrency",
  "requests_per_second", "enabled", "listed_models", "budget_exhausted_in" ON "credentials"
  FOR EACH ROW EXECUTE FUNCTION "note_credential_change"();
