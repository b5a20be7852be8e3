-- CreateEnum
CREATE TYPE "credential_source" AS ENUM ('environment', 'admin');

-- CreateEnum
CREATE TYPE "disabled_reason" AS ENUM ('dead', 'no_credits', 'removed');

-- CreateEnum
CREATE TYPE "model_state" AS ENUM ('ok', 'dead');

-- CreateTable
CREATE TABLE "credentials" (
    "id" TEXT NOT NULL,
    "secret_encrypted" BYTEA NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "last4" TEXT NOT NULL,
    "base_url" TEXT NOT NULL,
    "label" TEXT NOT NULL DEFAULT '',
    "priority" INTEGER NOT NULL DEFAULT 0,
    "max_concurrency" INTEGER NOT NULL DEFAULT 0,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "disabled_reason" "disabled_reason",
    "source" "credential_source" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "credentials_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "credential_models" (
    "credential_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "state" "model_state" NOT NULL DEFAULT 'ok',
    "cooling_until" TIMESTAMPTZ(3),
    "cooling_step" INTEGER NOT NULL DEFAULT 0,
    "faults" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "last_error_at" TIMESTAMPTZ(3),

    CONSTRAINT "credential_models_pkey" PRIMARY KEY ("credential_id","model")
);

-- CreateTable
CREATE TABLE "grants" (
    "id" TEXT NOT NULL,
    "credential_id" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "slots" INTEGER NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "grants_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "credentials_secret_hash_key" ON "credentials"("secret_hash");

-- CreateIndex
CREATE INDEX "grants_credential_id_idx" ON "grants"("credential_id");

-- AddForeignKey
ALTER TABLE "credential_models" ADD CONSTRAINT "credential_models_credential_id_fkey" FOREIGN KEY ("credential_id") REFERENCES "credentials"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_credential_id_fkey" FOREIGN KEY ("credential_id") REFERENCES "credentials"("id") ON DELETE CASCADE ON UPDATE CASCADE;
