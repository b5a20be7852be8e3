CREATE TABLE "idempotency_records" (
    "owner" TEXT NOT NULL,
    "key_hash" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "token" UUID NOT NULL,
    "lease_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "repeatable" BOOLEAN NOT NULL,
    "task_id" TEXT,
    "status" INTEGER,
    "headers" JSONB,
    "body" BYTEA,
    "body_media" TEXT,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_records_pkey" PRIMARY KEY ("owner", "key_hash"),
    CONSTRAINT "idempotency_body" CHECK (("status" IS NOT NULL) = (num_nonnulls("body", "body_media") = 1)),
    CONSTRAINT "idempotency_headers" CHECK (("status" IS NULL) = ("headers" IS NULL))
);

CREATE INDEX "idempotency_expired" ON "idempotency_records"("expires_at");
CREATE INDEX "idempotency_media" ON "idempotency_records"("body_media") WHERE (body_media IS NOT NULL);
